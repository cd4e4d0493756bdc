import GRDB

/// What went wrong with the database, where, and what to do about it.
public struct CatalogError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller can switch on.
    ///
    /// New codes may be added; keep a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        let name: String

        /// The file cannot be opened or created.
        public static let cannotOpen = Code(name: "cannot open")
        /// The file is not a database, or its pages contradict each other.
        public static let damaged = Code(name: "damaged")
        /// A later version of Skirret has migrated this file.
        public static let newerSchema = Code(name: "newer schema")
        /// No row has that identifier.
        public static let notFound = Code(name: "not found")
        /// Another row has that name already.
        public static let duplicate = Code(name: "duplicate")
        /// The row belongs to the product and may not be removed.
        public static let locked = Code(name: "locked")
        /// The ledger holds as many tasks that are not over, or as many bytes of them, as it may.
        public static let ledgerFull = Code(name: "ledger full")
        /// The disk is full, or does not take what is written.
        public static let cannotWrite = Code(name: "cannot write")
        /// Others hold the file's write lock for longer than anybody should.
        public static let busy = Code(name: "busy")
        /// The same key came with another request before.
        public static let keyReused = Code(name: "key reused")
        /// A value that the column cannot hold or that makes no sense.
        public static let invalidValue = Code(name: "invalid value")

        /// The code's name, for logs.
        public var description: String { name }
    }

    /// What kind of failure.
    public let code: Code
    /// The file, or the row and column: `m3u_m3uaccount 7`, `refresh_interval`.
    public let place: String
    /// What was found there.
    ///
    /// Never a secret.
    public let found: String
    /// What the reader can do about it.
    public let hint: String

    /// One sentence that stands alone in a log.
    public var description: String { "\(place): \(found). \(hint)" }

    static func notFound(_ table: String, _ key: some CustomStringConvertible) -> CatalogError {
        CatalogError(
            code: .notFound, place: "\(table) \(key)", found: "there is no such row",
            hint: "It may have been deleted meanwhile; list again.")
    }

    /// What a failed write means; nil when it is our own fault.
    static func writing(_ error: DatabaseError, place: String) -> CatalogError? {
        switch error.resultCode {
        case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY:
            CatalogError(
                code: .cannotWrite, place: place,
                found: "the database cannot be written (\(error.message ?? "I/O error"))",
                hint: "Is the data folder's disk full, or read-only? It goes on by itself once there is room.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            CatalogError(
                code: .busy, place: place, found: "another process writes to the database for too long",
                hint: "Try again shortly.")
        default: nil
        }
    }

    static func duplicate(_ table: String, name: String) -> CatalogError {
        CatalogError(
            code: .duplicate, place: table, found: "the name \"\(name.prefix(80))\" is taken",
            hint: "Choose another name.")
    }

    static func invalid(_ place: String, found: String, hint: String) -> CatalogError {
        CatalogError(code: .invalidValue, place: place, found: found, hint: hint)
    }
}

extension CatalogError {
    /// What SQLite's refusal of any statement means: no space, a damaged disk, or somebody who writes for too long.
    ///
    /// Nil for every other error.
    public init?(explaining error: any Error) {
        guard let error = error as? DatabaseError, let known = Self.writing(error, place: "database") else {
            return nil
        }
        self = known
    }
}
