import FoundationEssentials
import GRDB

/// What channels took over from their guide channels.
public struct GuideAdoption: Sendable, Equatable {
    /// Channels that changed.
    public var updated = 0
    /// Channels that were looked at.
    public var total = 0
    /// Logos that were new.
    public var newLogos = 0

    /// These counts.
    public init(updated: Int = 0, total: Int = 0, newLogos: Int = 0) {
        self.updated = updated
        self.total = total
        self.newLogos = newLogos
    }
}

/// What a channel can take over from the guide channel that it shows.
public enum GuideTrait: Sendable {
    /// The guide channel's name becomes the channel's.
    case name
    /// Its icon becomes the channel's logo.
    case logo
    /// Its id becomes the channel's `tvg_id`.
    case tvgID
}

extension ChannelTable {
    /// Gives channels what their guide channels say; the others stay as they are.
    ///
    /// Writes the channel, never what somebody set over it, and only where it differs.
    ///
    /// - Parameters:
    ///   - trait: What is taken over.
    ///   - ids: Which channels; nil means all that show a guide channel.
    ///   - source: Only channels whose guide channel is of this source.
    /// - Returns: How many were looked at and changed.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func adopt(
        _ trait: GuideTrait, channels ids: [Int]? = nil, source: Int? = nil
    ) async throws -> GuideAdoption {
        try await pool.write { db in
            var outcome = GuideAdoption()
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT channel."id", channel."name", channel."tvg_id", channel."logo_id",
                        guide."name" AS "guide_name", guide."tvg_id" AS "guide_tvg_id", guide."icon_url"
                    FROM "dispatcharr_channels_channel" AS channel
                    LEFT JOIN "dispatcharr_channels_channeloverride" AS override
                        ON override."channel_id" = channel."id"
                    JOIN "epg_epgdata" AS guide
                        ON guide."id" = ifnull(override."epg_data_id", channel."epg_data_id")
                    WHERE (?1 IS NULL OR channel."id" IN (SELECT "value" FROM json_each(?1)))
                        AND (?2 IS NULL OR guide."epg_source_id" = ?2)
                    ORDER BY channel."id"
                    """,
                arguments: [ids?.jsonText, source])
            outcome.total = ids.map { Set($0).count } ?? rows.count
            for row in rows {
                var changes = RowChanges()
                try Self.assign(trait, db, row, to: &changes, &outcome)
                guard !changes.columns.isEmpty else { continue }
                changes.set("updated_at", DjangoTime.text(Date()))
                try changes.update(db, table: "dispatcharr_channels_channel", id: row["id"])
                outcome.updated += 1
            }
            return outcome
        }
    }

    private static func assign(
        _ trait: GuideTrait, _ db: Database, _ row: Row, to changes: inout RowChanges, _ outcome: inout GuideAdoption
    ) throws {
        let guideName: String = row["guide_name"]
        switch trait {
        case .name:
            guard !guideName.isEmpty else { return }
            changes.set("name", row["name"] as String?, guideName)
        case .tvgID:
            guard let tvgID = row["guide_tvg_id"] as String?, !tvgID.isEmpty else { return }
            changes.set("tvg_id", row["tvg_id"] as String?, tvgID)
        case .logo:
            let newest = try Int.fetchOne(db, sql: #"SELECT max("id") FROM "dispatcharr_channels_logo""#) ?? 0
            guard let logo = try db.logo(named: guideName, url: row["icon_url"]) else { return }
            if logo > newest { outcome.newLogos += 1 }
            changes.set("logo_id", row["logo_id"] as Int?, logo)
        }
    }
}
