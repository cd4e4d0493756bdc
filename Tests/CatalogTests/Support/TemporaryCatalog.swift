import Foundation
import GRDB
import Testing

@testable import Catalog

/// Runs the body with a new catalogue in a folder of its own, removed afterwards.
func withCatalog<R>(_ body: (CatalogDatabase) async throws -> R) async throws -> R {
    try await withTemporaryFolder { folder in
        let catalog = try await CatalogDatabase(path: folder + "/skirret.db")
        let result = try await body(catalog)
        try await catalog.close()
        return result
    }
}

/// Runs the body with an empty folder, removed afterwards.
func withTemporaryFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    let folder = NSTemporaryDirectory() + "skirret-catalog-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }  // a leftover folder fails no test
    return try await body(folder)
}

extension CatalogDatabase {
    /// Every row of a table as text, by identifier, for comparing before and after.
    func dump(_ table: String, without ignored: Set<String> = []) async throws -> [String] {
        try await pool.read { db in
            let columns = try db.columns(in: table).map(\.name).filter { !ignored.contains($0) }
            let list = columns.map { "quote(\"\($0)\")" }.joined(separator: " || ', ' || ")
            return try String.fetchAll(db, sql: "SELECT \(list) FROM \"\(table)\" ORDER BY rowid")
        }
    }

    /// The number that a query gives.
    func count(_ sql: String) async throws -> Int {
        try await pool.read { try Int.fetchOne($0, sql: sql) ?? 0 }
    }

    /// Runs SQL as another program might.
    func run(_ sql: String) async throws {
        try await pool.write { try $0.execute(sql: sql) }
    }
}
