import GRDB
import Testing

@testable import Catalog

@Suite("Secondary indexes") struct SecondaryIndexTests {
    private static let table = "dispatcharr_channels_stream"
    private static let indexes = SecondaryIndexes(
        table: table, columns: ["name", "channel_group_id", "stream_chno"])
    private static let listed = """
        SELECT "name" || ' ' || ifnull("sql", '') FROM sqlite_master WHERE "type" = 'index' AND "tbl_name" = ?
        ORDER BY "name"
        """

    private func indexes(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: Self.listed, arguments: [Self.table])
    }

    @Test(arguments: [(new: 20_000, remain: 9), (new: 19_999, remain: 12)])
    func `many new rows find only those that grow at the end, and all are back afterwards`(new: Int, remain: Int)
        async throws
    {
        try await withCatalog { catalog in
            try await catalog.pool.write { db in
                let before = try indexes(db)
                #expect(before.count == 12)
                let during = try Self.indexes.rebuilding(db, forNewRows: new) { try indexes(db) }
                #expect(during.count == remain)
                #expect(try indexes(db) == before)
            }
        }
    }

    @Test func `an insert that fails leaves them`() async throws {
        struct Broken: Error {}
        try await withCatalog { catalog in
            let before = try await catalog.pool.read { try indexes($0) }
            await #expect(throws: Broken.self) {
                try await catalog.pool.write { db in
                    try Self.indexes.rebuilding(db, forNewRows: 50_000) { throw Broken() }
                }
            }
            #expect(try await catalog.pool.read { try indexes($0) } == before)
        }
    }
}
