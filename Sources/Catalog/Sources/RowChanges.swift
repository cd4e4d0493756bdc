import CeleryProtocol
import GRDB

/// Column assignments of one row: an UPDATE of what changed, or an INSERT.
package struct RowChanges {
    private(set) var columns: [String] = []
    private(set) var values: [(any DatabaseValueConvertible)?] = []

    /// Adds a column when its value differs.
    mutating func set<Value: DatabaseValueConvertible & Equatable>(_ column: String, _ old: Value?, _ new: Value?) {
        if old != new { set(column, new) }
    }

    /// Adds a column.
    mutating func set(_ column: String, _ value: (any DatabaseValueConvertible)?) {
        columns.append(column)
        values.append(value)
    }

    func update(_ db: Database, table: String, id: Int) throws {
        guard !columns.isEmpty else { return }
        let assignments = columns.map { "\"\($0)\" = ?" }.joined(separator: ", ")
        try db.execute(
            sql: #"UPDATE "\#(table)" SET \#(assignments) WHERE "id" = ?"#, arguments: StatementArguments(values) + [id]
        )
    }

    /// Inserts the row and returns its identifier.
    func insert(_ db: Database, table: String) throws -> Int {
        let names = columns.map { "\"\($0)\"" }.joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        try db.execute(
            sql: #"INSERT INTO "\#(table)" (\#(names)) VALUES (\#(marks))"#, arguments: StatementArguments(values))
        return Int(db.lastInsertedRowID)
    }
}

extension Database {
    /// Whether another row of the table has that name.
    func isTaken(_ name: String, in table: String, except id: Int? = nil) throws -> Bool {
        try Bool.fetchOne(
            self, sql: #"SELECT EXISTS (SELECT 1 FROM "\#(table)" WHERE "name" = ? AND "id" IS NOT ?)"#,
            arguments: [name, id]) ?? false
    }
}

/// Names that are columns of 255 characters and not empty.
func checkName(_ name: String, table: String) throws(CatalogError) {
    guard !name.isEmpty, name.count <= 255 else {
        throw .invalid("\(table).name", found: "\(name.count) characters", hint: "A name has 1 to 255 characters.")
    }
}

extension RowChanges {
    /// Adds a JSON column when its value differs; two objects with the same members are the same.
    mutating func setJSON(_ column: String, _ old: JSONObject?, _ new: JSONObject) {
        if old != new { set(column, JSONValue.object(new).text) }
    }
}
