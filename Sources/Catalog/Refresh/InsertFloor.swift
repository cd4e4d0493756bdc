import Foundation
import GRDB
import GRDBSQLite

/// What SQLite alone needs for rows that a refresh has written: bind and step, one transaction, same table and indexes.
///
/// The yardstick of `skirret bench ingest`; nothing else uses it.
/// Writing the WAL back is left out, as a refresh leaves it until it has ended.
package enum InsertFloor {
    /// Copies a table's rows into another catalogue and returns the seconds of wall and processor time that the
    /// insert took, without the reading.
    package static func seconds(
        table: String, from source: String, into target: String
    ) async throws -> (wall: Double, cpu: Double, rows: Int) {
        try await blocking {
            let reading = try run(table, from: source, into: target, inserts: false)
            let copying = try run(table, from: source, into: target, inserts: true)
            return (copying.wall - reading.wall, copying.cpu - reading.cpu, copying.rows)
        }
    }

    private static func run(
        _ table: String, from source: String, into target: String, inserts: Bool
    ) throws -> (wall: Double, cpu: Double, rows: Int) {
        let queue = try CatalogFile.dedicatedConnection(path: target, temporaryStore: "MEMORY")
        return try queue.writeWithoutTransaction { db in
            // The rows that the foreign keys name are not copied. The floor may have all the memory that helps it.
            try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA cache_size = -65536")
            try db.execute(sql: "ATTACH ? AS source", arguments: [source])
            let columns = try db.columns(in: table)
            let marks = columns.map { _ in "?" }.joined(separator: ", ")
            let select = try RawStatement(db, sql: #"SELECT * FROM source."\#(table)" ORDER BY rowid"#)
            let insert = try RawStatement(db, sql: #"INSERT INTO main."\#(table)" VALUES (\#(marks))"#)
            let (wall, cpu) = (ContinuousClock.now, clock())
            var rows = 0
            try db.inTransaction(.immediate) {
                while try select.step() {
                    rows += 1
                    guard inserts else { continue }
                    insert.bindRow(of: select, columns: Int32(columns.count))
                    try insert.run()
                }
                return .commit
            }
            return (
                wall.duration(to: .now) / .seconds(1), Double(clock() - cpu) / Double(CLOCKS_PER_SEC), rows
            )
        }
    }
}

extension EPGSourceTable {
    /// Makes a channel for every channel of a guide, so that all of its programmes are wanted.
    package func mapAll(of source: Int) async throws {
        try await pool.write { db in
            let now = DjangoTime.text(Date())
            let guides = try Int.fetchAll(
                db, sql: #"SELECT "id" FROM "epg_epgdata" WHERE "epg_source_id" = ?"#, arguments: [source])
            for guide in guides {
                try db.execute(
                    sql: """
                        INSERT INTO "dispatcharr_channels_channel" (
                            "name", "uuid", "user_level", "is_adult", "auto_created", "is_catchup", "catchup_days",
                            "hidden_from_output", "created_at", "updated_at", "epg_data_id"
                        )
                        VALUES ('Bench', ?, 0, 0, 0, 0, 0, 0, ?, ?, ?)
                        """,
                    arguments: [UUID().djangoText, now, now, guide])
            }
        }
    }
}
