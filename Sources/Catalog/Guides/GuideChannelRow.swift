public import FoundationEssentials
import GRDB

/// One row of `epg_epgdata`, and what a task needs to know around it.
public struct GuideChannelRow: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// The guide's id for it.
    public let tvgID: String
    /// For people.
    public let name: String
    /// Whose it is.
    public let sourceID: Int
    /// The kind of that source.
    public let kind: EPGSourceDraft.Kind
    /// Whether that source is refreshed at all.
    public let isSourceActive: Bool
    /// When that source was last refreshed.
    public let refreshedAt: Date?
    /// Whether a channel, or what somebody set over one, shows it.
    public let isMapped: Bool
    /// When the last of those was changed.
    public let mappedAt: Date?
    /// Whether a programme of it is yet to end.
    public let hasProgrammes: Bool
}

extension EPGSourceTable {
    /// A guide channel, or nil.
    public func guideChannel(_ id: Int, at now: Date = Date()) async throws -> GuideChannelRow? {
        try await pool.read { db in
            let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT guide.*, source."source_type", source."is_active", source."updated_at",
                        \(Self.isMapped) AS "is_mapped",
                        max(
                            ifnull((SELECT max("updated_at") FROM "dispatcharr_channels_channel"
                                WHERE "epg_data_id" = guide."id"), ''),
                            ifnull((SELECT max("updated_at") FROM "dispatcharr_channels_channeloverride"
                                WHERE "epg_data_id" = guide."id"), '')
                        ) AS "mapped_at",
                        EXISTS (
                            SELECT 1 FROM "epg_programdata" WHERE "epg_id" = guide."id" AND "end_time" > ?2
                        ) AS "has_programmes"
                    FROM "epg_epgdata" AS guide
                    JOIN "epg_epgsource" AS source ON source."id" = guide."epg_source_id"
                    WHERE guide."id" = ?1
                    """,
                arguments: [id, DjangoTime.text(now)])
            guard let row else { return nil }
            return GuideChannelRow(
                id: id, tvgID: row["tvg_id"] ?? "", name: row["name"], sourceID: row["epg_source_id"],
                kind: EPGSourceDraft.Kind(rawValue: row["source_type"]) ?? .xmltv, isSourceActive: row["is_active"],
                refreshedAt: row.time("updated_at"), isMapped: row["is_mapped"], mappedAt: row.time("mapped_at"),
                hasProgrammes: row["has_programmes"])
        }
    }

    /// Whether schedules of Schedules Direct were read for the source.
    public func hasSchedules(_ id: Int) async throws -> Bool {
        try await pool.read { db in
            try Bool.fetchOne(
                db, sql: #"SELECT EXISTS (SELECT 1 FROM "epg_sdschedulemd5" WHERE "epg_source_id" = ?)"#,
                arguments: [id]) ?? false
        }
    }

    /// Keeps where a source's programmes lie in its file, or forgets it.
    public func setIndex(_ id: Int, _ data: String?) async throws {
        try await pool.write { db in
            _ = try Self.get(db, id)
            try db.execute(
                sql: """
                    INSERT INTO "epg_epgsourceindex" ("source_id", "data", "updated_at") VALUES (?, ?, ?)
                    ON CONFLICT ("source_id") DO UPDATE SET
                        "data" = excluded."data", "updated_at" = excluded."updated_at"
                    """,
                arguments: [id, data, DjangoTime.text(Date())])
        }
    }
}
