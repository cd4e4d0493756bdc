import CeleryProtocol
import GRDB

/// A table's indexes that are not UNIQUE and change in the middle, for writes that are most of what the table will hold.
///
/// A sorted index costs half of one that changes row by row in no order. Those whose new entries all come at the end
/// cost little and stay: each that is made again reads the whole table. All of it happens inside the caller's
/// transaction: others see the indexes as they were until it is committed, and as they are afterwards.
struct SecondaryIndexes {
    /// Fewer new rows are not worth two changes of the schema.
    private static let leastRows = 20_000

    let table: String
    /// The columns whose values come in no order.
    let columns: [String]

    /// Writes rows, with the indexes out of the way when the new entries are more than those that stay.
    func rebuilding<Result>(
        _ db: Database, forNewRows new: Int, replacing old: Int = 0, _ write: () throws -> Result
    ) throws -> Result {
        guard new >= Self.leastRows, try isSmall(db, than: new + old) else { return try write() }
        let indexes = try Row.fetchAll(
            db,
            sql: """
                SELECT made."name", made."sql" FROM sqlite_master AS made, pragma_index_info(made."name") AS part
                WHERE made."type" = 'index' AND made."tbl_name" = ? AND made."sql" LIKE 'CREATE INDEX%'
                    AND part."name" IN (SELECT "value" FROM json_each(?))
                ORDER BY made.rowid
                """,
            arguments: [table, JSONValue.array(columns.map(JSONValue.string)).text])
        for index in indexes { try db.execute(sql: #"DROP INDEX "\#(index["name"] as String)""#) }
        let result = try write()
        try sorting(db) { for index in indexes { try db.execute(sql: index["sql"]) } }
        return result
    }

    /// SQLite sorts as much at once as its page cache may hold, beside that cache: with half of it the two together
    /// take less, at the price of one more merge.
    private func sorting(_ db: Database, _ work: () throws -> Void) throws {
        let cache = try Int.fetchOne(db, sql: "PRAGMA cache_size") ?? -16384
        try db.execute(sql: "PRAGMA cache_size = \(cache / 2)")
        try work()
        try db.execute(sql: "PRAGMA cache_size = \(cache)")
    }

    /// Whether the table has fewer rows; looks at no more than that many.
    private func isSmall(_ db: Database, than rows: Int) throws -> Bool {
        let found = try Int.fetchOne(
            db, sql: #"SELECT count(*) FROM (SELECT 1 FROM "\#(table)" LIMIT ?)"#, arguments: [rows])
        return (found ?? 0) < rows
    }
}
