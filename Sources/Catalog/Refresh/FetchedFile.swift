public import CeleryProtocol
import GRDB

/// The version of a source's file whose contents the tables hold.
public struct FetchedFile: Sendable, Equatable {
    /// What the server or the disk calls it.
    public var version: JSONObject
    /// What it held: counts for messages.
    public var facts: JSONObject

    /// A file with that version.
    public init(version: JSONObject, facts: JSONObject) {
        self.version = version
        self.facts = facts
    }
}

/// The row of one source in `fetched_file`.
struct FetchedFileRow: Sendable {
    enum Kind: String {
        case playlist = "m3u"
        case guide = "epg"
    }

    let kind: Kind
    let source: Int
    /// Stands for the settings that decide what becomes of the file.
    let fingerprint: String

    /// The file that the rows come from; nil when settings or rows are no longer what that refresh left.
    func find(_ db: Database) throws -> FetchedFile? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT "version", "facts" FROM "fetched_file"
                WHERE "kind" = ? AND "source_id" = ? AND "fingerprint" = ? AND "state" = ?
                """,
            arguments: [kind.rawValue, source, fingerprint, try state(db)])
        return row.map { FetchedFile(version: $0.object("version"), facts: $0.object("facts")) }
    }

    /// Writes down what the rows come from; nil when nobody could tell that file from another.
    func write(_ db: Database, _ file: FetchedFile?) throws {
        guard let file else { return try Self.forget(db, kind, source) }
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO "fetched_file" (
                    "kind", "source_id", "fingerprint", "state", "version", "facts"
                )
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                kind.rawValue, source, fingerprint, try state(db), JSONValue.object(file.version).text,
                JSONValue.object(file.facts).text,
            ])
    }

    static func forget(_ db: Database, _ kind: Kind, _ source: Int) throws {
        try db.execute(
            sql: #"DELETE FROM "fetched_file" WHERE "kind" = ? AND "source_id" = ?"#,
            arguments: [kind.rawValue, source])
    }

    /// What is there, in short: changes when somebody else adds or deletes rows, chooses groups or maps channels.
    ///
    /// Counted in indexes. The plus keeps SQLite from reading every stream of the account to find the few stale ones.
    private func state(_ db: Database) throws -> String {
        let sql =
            switch kind {
            case .playlist:
                """
                SELECT json_array(
                    (SELECT count(*) FROM "dispatcharr_channels_stream" WHERE "m3u_account_id" = ?1),
                    (SELECT count(*) FROM "dispatcharr_channels_stream"
                        WHERE "is_stale" = 1 AND +"m3u_account_id" = ?1),
                    (SELECT group_concat("channel_group_id" || ':' || "enabled") FROM (
                        SELECT * FROM "dispatcharr_channels_channelgroupm3uaccount" WHERE "m3u_account_id" = ?1
                        ORDER BY "channel_group_id")))
                """
            case .guide:
                """
                SELECT json_array(
                    (SELECT count(*) FROM "epg_epgdata" WHERE "epg_source_id" = ?1),
                    (SELECT count(*) FROM "epg_programdata" WHERE "epg_id" IN (
                        SELECT "id" FROM "epg_epgdata" WHERE "epg_source_id" = ?1)),
                    (SELECT group_concat("id") FROM (
                        SELECT guide."id" FROM "epg_epgdata" AS guide
                        WHERE guide."epg_source_id" = ?1 AND \(EPGSourceTable.isMapped) ORDER BY guide."id")))
                """
            }
        return try String.fetchOne(db, sql: sql, arguments: [source]) ?? ""
    }
}

extension M3UAccountTable {
    /// Makes the next refresh of the account read its file even when it has not changed.
    public func forgetFile(of id: Int) async throws {
        try await pool.write { try FetchedFileRow.forget($0, .playlist, id) }
    }
}

extension EPGSourceTable {
    /// Makes the next refresh of the source read its file even when it has not changed.
    public func forgetFile(of id: Int) async throws {
        try await pool.write { try FetchedFileRow.forget($0, .guide, id) }
    }
}
