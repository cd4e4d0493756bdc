import GRDB

/// A table's indexes that are not UNIQUE, for inserts that are most of what the table will hold.
///
/// A sorted index costs half of one that grows row by row. All of it happens inside the caller's transaction: others
/// see the indexes as they were until it is committed, and as they are afterwards.
struct SecondaryIndexes {
    /// Fewer new rows are not worth two changes of the schema.
    private static let leastRows = 20_000

    let table: String

    /// Inserts rows, with the indexes out of the way when that many rows are more than those that are there.
    func rebuilding<Result>(_ db: Database, forNewRows new: Int, _ insert: () throws -> Result) throws -> Result {
        guard new >= Self.leastRows, try isSmall(db, than: new) else { return try insert() }
        let indexes = try Row.fetchAll(
            db,
            sql: """
                SELECT "name", "sql" FROM sqlite_master
                WHERE "type" = 'index' AND "tbl_name" = ? AND "sql" LIKE 'CREATE INDEX%' ORDER BY rowid
                """,
            arguments: [table])
        for index in indexes { try db.execute(sql: #"DROP INDEX "\#(index["name"] as String)""#) }
        let result = try insert()
        for index in indexes { try db.execute(sql: index["sql"]) }
        return result
    }

    /// Whether the table has fewer rows; looks at no more than that many.
    private func isSmall(_ db: Database, than rows: Int) throws -> Bool {
        let found = try Int.fetchOne(
            db, sql: #"SELECT count(*) FROM (SELECT 1 FROM "\#(table)" LIMIT ?)"#, arguments: [rows])
        return (found ?? 0) < rows
    }
}
