import Foundation
import GRDB
import GRDBSQLite

/// A prepared statement on SQLite's own functions, for loops over hundreds of thousands of rows: GRDB's
/// binding of argument arrays costs as much as the insert itself.
///
/// Stays on the connection's queue, inside the closure that made it.
struct RawStatement: ~Copyable {
    /// SQLite copies the bytes before the call returns.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private let handle: OpaquePointer
    private let connection: OpaquePointer

    init(_ db: Database, sql: String) throws {
        guard let connection = db.sqliteConnection else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)), sql: sql)
        }
        handle = prepared
        self.connection = connection
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ text: String?, at index: Int32) {
        guard var text else { return bindNull(at: index) }
        text.withUTF8 { bind($0, at: index) }
    }

    /// Text that is UTF-8 bytes already.
    func bind(utf8 text: [UInt8], at index: Int32) {
        text.withUnsafeBufferPointer { bind($0, at: index) }
    }

    func bind(_ number: Int?, at index: Int32) {
        guard let number else { return bindNull(at: index) }
        sqlite3_bind_int64(handle, index, Int64(number))
    }

    func bind(_ number: Double?, at index: Int32) {
        guard let number else { return bindNull(at: index) }
        sqlite3_bind_double(handle, index, number)
    }

    func bind(_ flag: Bool, at index: Int32) { sqlite3_bind_int(handle, index, flag ? 1 : 0) }

    func bindNull(at index: Int32) { sqlite3_bind_null(handle, index) }

    /// Binds the columns of another statement's row, in order.
    func bindRow(of other: borrowing RawStatement, columns: Int32) {
        for column in 0..<columns { sqlite3_bind_value(handle, column + 1, sqlite3_column_value(other.handle, column)) }
    }

    /// Goes to the next row; false after the last.
    func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)))
        }
    }

    /// Runs a statement without rows, ready to be bound again.
    func run() throws {
        defer { sqlite3_reset(handle) }
        _ = try step()
    }

    func reset() { sqlite3_reset(handle) }

    /// Whether a text column of this row holds the same bytes as in another statement's row; NULL equals NULL.
    func columnEquals(_ other: borrowing RawStatement, at index: Int32) -> Bool {
        let mine = sqlite3_column_text(handle, index)
        let theirs = sqlite3_column_text(other.handle, index)
        guard let mine, let theirs else { return mine == nil && theirs == nil }
        let count = sqlite3_column_bytes(handle, index)
        return count == sqlite3_column_bytes(other.handle, index) && memcmp(mine, theirs, Int(count)) == 0
    }

    private func bind(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int32) {
        // An empty buffer has no address, and SQLite would take that for NULL.
        guard !bytes.isEmpty else {
            sqlite3_bind_text(handle, index, "", 0, Self.copied)
            return
        }
        _ = bytes.withMemoryRebound(to: CChar.self) {
            sqlite3_bind_text(handle, index, $0.baseAddress, Int32($0.count), Self.copied)
        }
    }
}
