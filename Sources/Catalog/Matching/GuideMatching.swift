import CeleryProtocol
import FoundationEssentials
import GRDB

/// A channel and the guide channel that was found for it.
public struct GuideAssociation: Sendable, Equatable {
    /// `dispatcharr_channels_channel.id`.
    public let channelID: Int
    /// The channel's name.
    public let channelName: String
    /// `epg_epgdata.id`.
    public let guideID: Int
    /// The guide channel's name.
    public let guideName: String
    /// `tvgID`, `stationID`, `sameName` or `similarName`.
    public let reason: String
    /// 0 to 1; 1 for all but similar names.
    public let score: Double
    /// Whether it showed another one, or none, before.
    public let isNew: Bool
}

/// What matching did.
public struct GuideMatchReport: Sendable, Equatable {
    /// Channels that were looked at.
    public var total = 0
    /// Those that a guide channel was found for.
    public var associations: [GuideAssociation] = []
    /// Guide channels that are shown now and have no programmes yet.
    public var guidesWithoutProgrammes: [Int] = []

    /// How many channels show another guide channel than before.
    public var updated: Int { associations.count(where: \.isNew) }
}

extension ChannelTable {
    /// Finds guide channels for channels and maps them; see ``GuideMatcher`` for how.
    ///
    /// Guides of inactive and of made-up sources are left out. A channel for which none is found keeps what it has.
    ///
    /// - Parameters:
    ///   - ids: Which channels, also those that show one already; nil means all that show none.
    ///   - progress: Told now and then how many of how many were looked at, how many were matched, and which is next.
    /// - Returns: What was found and changed.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func matchGuides(
        channels ids: [Int]? = nil,
        progress: @escaping @Sendable (_ done: Int, _ total: Int, _ matched: Int, _ name: String) -> Void = {
            _, _, _, _ in
        }
    ) async throws -> GuideMatchReport {
        let (channels, matcher) = try await pool.read { db in
            let channels = try Self.fetch(db, ids).filter { ids != nil || $0.guideID == nil }
            return (channels, try Self.matcher(db))
        }
        // Computing: not on a thread that others share.
        let found = try await blocking {
            var found: [(Channel, GuideMatcher.Match)] = []
            for (index, channel) in channels.enumerated() {
                if index.isMultiple(of: 50) { progress(index, channels.count, found.count, channel.name) }
                let wanted = GuideMatcher.Wanted(
                    name: channel.name, tvgID: channel.tvgID, stationID: channel.stationID)
                if let match = matcher.match(wanted) { found.append((channel, match)) }
            }
            return found
        }
        return try await pool.write { [found] db in
            var report = GuideMatchReport(total: channels.count)
            let now = DjangoTime.text(Date())
            for (channel, match) in found {
                let guide = try Row.fetchOne(
                    db, sql: #"SELECT "name" FROM "epg_epgdata" WHERE "id" = ?"#, arguments: [match.guideID])
                // A refresh may have removed it meanwhile.
                guard let guide else { continue }
                let isNew = channel.guideID != match.guideID
                if isNew { try Self.map(db, channel.id, to: match.guideID, at: now) }
                report.associations.append(
                    GuideAssociation(
                        channelID: channel.id, channelName: channel.name, guideID: match.guideID,
                        guideName: guide["name"], reason: match.reason.rawValue, score: match.score, isNew: isNew))
            }
            report.guidesWithoutProgrammes = try db.guidesWithoutProgrammes(
                among: report.associations.filter(\.isNew).map(\.guideID))
            return report
        }
    }

    /// Where somebody set a guide channel over the channel's own, that is the one to change.
    private static func map(_ db: Database, _ channel: Int, to guide: Int, at now: String) throws {
        try db.execute(
            sql: """
                UPDATE "dispatcharr_channels_channeloverride" SET "epg_data_id" = ?, "updated_at" = ?
                WHERE "channel_id" = ? AND "epg_data_id" IS NOT NULL
                """,
            arguments: [guide, now, channel])
        guard db.changesCount == 0 else { return }
        try db.execute(
            sql: #"UPDATE "dispatcharr_channels_channel" SET "epg_data_id" = ?, "updated_at" = ? WHERE "id" = ?"#,
            arguments: [guide, now, channel])
    }

    private static func matcher(_ db: Database) throws -> GuideMatcher {
        let settings = try SettingsTable.values(db, .epg)
        var ignored = ChannelName.Ignored()
        if settings["epg_match_mode"]?.string == "advanced" {
            ignored.prefixes = settings.texts("epg_match_ignore_prefixes")
            ignored.suffixes = settings.texts("epg_match_ignore_suffixes")
            ignored.anywhere = settings.texts("epg_match_ignore_custom")
        }
        let region = try SettingsTable.values(db, .system)["preferred_region"]?.string?.lowercased()
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT guide."id", guide."tvg_id", guide."name", source."priority" FROM "epg_epgdata" AS guide
                JOIN "epg_epgsource" AS source ON source."id" = guide."epg_source_id"
                WHERE source."is_active" AND source."source_type" <> 'dummy'
                ORDER BY guide."id"
                """)
        let entries = rows.map { row in
            GuideMatcher.Entry(
                id: row["id"], tvgID: row["tvg_id"] ?? "", name: row["name"], priority: row["priority"])
        }
        return GuideMatcher(
            entries, ignoring: ignored, preferredRegion: region.map { ChannelName.regions[$0] ?? $0 })
    }
}

extension JSONObject {
    /// The strings of a list; empty for anything else.
    func texts(_ key: String) -> [String] { self[key]?.array?.compactMap(\.string) ?? [] }
}
