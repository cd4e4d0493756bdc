public import CeleryProtocol
import FoundationEssentials
import GRDB

/// What following an account's groups did to its channels.
public struct AutoSyncReport: Sendable, Equatable {
    /// A stream that got no channel, and why.
    public struct Failure: Sendable, Equatable {
        /// The reasons that browsers sort by.
        public enum Reason: String, Sendable {
            case rangeExhausted = "RANGE_EXHAUSTED"
            case integrityError = "INTEGRITY_ERROR"
        }

        /// Which stream.
        public let streamID: Int
        /// Its name.
        public let streamName: String
        /// What kind of trouble.
        public let reason: Reason
        /// In words.
        public let detail: String

        /// As the task and the refresh tell it.
        public var json: JSONValue {
            [
                "stream_id": .int(streamID), "stream_name": .string(streamName), "reason": .string(reason.rawValue),
                "error": .string(detail),
            ]
        }
    }

    /// Channels that were new.
    public var created = 0
    /// Channels of which something changed.
    public var updated = 0
    /// Channels whose stream is gone.
    public var deleted = 0
    /// Streams that got none.
    public var failures: [Failure] = []
    /// Guide channels that are shown now and have no programmes yet.
    public var guidesWithoutProgrammes: [Int] = []

    /// As the task answers it.
    public var json: JSONValue {
        [
            "status": "ok", "channels_created": .int(created), "channels_updated": .int(updated),
            "channels_deleted": .int(deleted), "channels_failed": .int(failures.count),
            "failed_stream_details": .array(failures.map(\.json)),
        ]
    }
}

extension CatalogDatabase {
    /// Creates, updates and removes the channels that follow an account's groups, in one transaction.
    ///
    /// One channel for each stream that the last refresh saw in a group with `auto_channel_sync`. What people set over
    /// a channel is never touched, hidden channels stay. ``AutoSyncOptions`` says what can be chosen for a group; the
    /// account's `orphan_channel_cleanup` says what becomes of a channel whose stream is gone: `always` it goes,
    /// `preserve_customized` unless somebody set a value over it, `never`.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    public func syncAutoChannels(account id: Int) async throws -> AutoSyncReport {
        try await pool.write { db in
            let account = try M3UAccountTable.get(db, id)
            var sync = try AutoChannelSync(db, account: id)
            let relations = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM "dispatcharr_channels_channelgroupm3uaccount"
                    WHERE "m3u_account_id" = ? AND "enabled" AND "auto_channel_sync"
                    ORDER BY "auto_sync_channel_start" IS NULL, "auto_sync_channel_start", "id"
                    """,
                arguments: [id])
            let groups = try relations.map { try sync.plan(db, AutoSyncOptions($0)) }
            // First, so that their numbers are free.
            try sync.removeOrphans(
                db, cleanup: account.draft.customProperties["orphan_channel_cleanup"]?.string ?? "always")
            for group in groups { try sync.follow(db, group) }
            return try sync.finish(db)
        }
    }
}

/// Works through an account's groups inside one transaction.
private struct AutoChannelSync {
    private let account: Int
    private let now = DjangoTime.text(Date())
    private let guides: PreferredGuides
    private let profiles: [Int]
    /// The account's own channels by the stream that they show.
    private var existing: [Int: Row] = [:]
    private var seen: Set<Int> = []
    private var numbers: Set<Double>
    private var report = AutoSyncReport()
    private var shown: [Int] = []

    init(_ db: Database, account: Int) throws {
        self.account = account
        guides = try PreferredGuides(db)
        profiles = try Int.fetchAll(db, sql: #"SELECT "id" FROM "dispatcharr_channels_channelprofile""#)
        numbers = Set(
            try Double.fetchAll(
                db,
                sql: """
                    SELECT "channel_number" FROM "dispatcharr_channels_channel" WHERE "channel_number" IS NOT NULL
                    UNION SELECT "channel_number" FROM "dispatcharr_channels_channeloverride"
                    WHERE "channel_number" IS NOT NULL
                    """))
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT channel.*, link."stream_id" FROM "dispatcharr_channels_channel" AS channel
                JOIN "dispatcharr_channels_channelstream" AS link ON link."channel_id" = channel."id"
                JOIN "dispatcharr_channels_stream" AS stream
                    ON stream."id" = link."stream_id" AND stream."m3u_account_id" = ?1
                WHERE channel."auto_created" AND channel."auto_created_by_id" = ?1
                ORDER BY channel."id" DESC
                """,
            arguments: [account])
        for row in rows { existing[row["stream_id"]] = row }
    }

    // MARK: - One group

    /// The streams of one group that get a channel, in order.
    struct Group {
        let options: AutoSyncOptions
        let streams: [Row]
    }

    mutating func plan(_ db: Database, _ options: AutoSyncOptions) throws -> Group {
        let streams = try Row.fetchAll(
            db,
            sql: """
                SELECT * FROM "dispatcharr_channels_stream"
                WHERE "m3u_account_id" = ? AND "channel_group_id" = ? AND NOT "is_stale" ORDER BY "id"
                """,
            arguments: [account, options.groupID])
        let wanted = options.sorted(streams.filter { options.wants($0["name"]) })
        for stream in wanted { seen.insert(stream["id"]) }
        return Group(options: options, streams: wanted)
    }

    mutating func follow(_ db: Database, _ group: Group) throws {
        let (options, wanted) = (group.options, group.streams)
        if options.isCompact {
            // Everybody gives back his number, and they are dealt out again in order.
            for stream in wanted {
                if let number = existing[stream["id"]]?["channel_number"] as Double? { numbers.remove(number) }
            }
        }
        var next = options.firstNumber
        for stream in wanted {
            guard let number = number(for: stream, options, &next) else {
                fail(stream, .rangeExhausted, "No number is left up to \(options.lastNumber ?? 0).")
                continue
            }
            do {
                try db.inSavepoint {
                    try write(db, stream, options, number)
                    return .commit
                }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                fail(stream, .integrityError, error.message ?? "\(error.resultCode)")
            }
        }
    }

    private mutating func fail(_ stream: Row, _ reason: AutoSyncReport.Failure.Reason, _ detail: String) {
        report.failures.append(
            .init(streamID: stream["id"], streamName: stream["name"], reason: reason, detail: detail))
    }

    /// Keeps the number that a channel has, as long as it fits; else the one that the group's rule gives.
    private mutating func number(for stream: Row, _ options: AutoSyncOptions, _ next: inout Double) -> Double? {
        let current = existing[stream["id"]]?["channel_number"] as Double?
        if options.numbering == .provider, let wanted = stream["stream_chno"] as Double? {
            if wanted == current { return wanted }
            if numbers.insert(wanted).inserted {
                if let current { numbers.remove(current) }
                return wanted
            }
        }
        if let current, !options.isCompact, options.fits(current) { return current }
        while numbers.contains(next) { next += 1 }
        guard options.fits(next) else { return nil }
        if let current, !options.isCompact { numbers.remove(current) }
        numbers.insert(next)
        return next
    }

    private mutating func write(_ db: Database, _ stream: Row, _ options: AutoSyncOptions, _ number: Double) throws {
        let old = existing[stream["id"]]
        let name = options.renamed(stream["name"]).cut(to: 512)
        let tvgID = stream["tvg_id"] as String?
        let guide = try options.guide(db, tvgID: tvgID, name: name) { guides[$0] }
        let logo = try options.logoID ?? db.logo(named: stream["name"], url: stream["logo_url"])
        var channel = RowChanges()
        channel.set("channel_number", old?["channel_number"] as Double?, number)
        channel.set("name", old?["name"] as String?, name)
        channel.set("channel_group_id", old?["channel_group_id"] as Int?, options.targetGroupID)
        channel.set("tvg_id", old?["tvg_id"] as String?, tvgID)
        channel.set(
            "tvc_guide_stationid", old?["tvc_guide_stationid"] as String?,
            stream.object("custom_properties")["tvc-guide-stationid"]?.string)
        channel.set("logo_id", old?["logo_id"] as Int?, logo)
        channel.set("is_adult", old?["is_adult"] as Bool?, stream["is_adult"] as Bool)
        // A guide that somebody chose stays, unless the group says which it is.
        if old == nil || options.decidesGuide || (old?["epg_data_id"] as Int?) == nil {
            channel.set("epg_data_id", old?["epg_data_id"] as Int?, guide)
            if let guide { shown.append(guide) }
        }
        if let profile = options.streamProfileID {
            channel.set("stream_profile_id", old?["stream_profile_id"] as Int?, profile)
        }
        if let old {
            guard !channel.columns.isEmpty else { return }
            channel.set("updated_at", now)
            try channel.update(db, table: "dispatcharr_channels_channel", id: old["id"])
            report.updated += 1
            return
        }
        channel.set("uuid", UUID().djangoText)
        channel.set("user_level", 0)
        channel.set("auto_created", true)
        channel.set("auto_created_by_id", account)
        channel.set("is_catchup", stream["is_catchup"] as Bool)
        channel.set("catchup_days", stream["catchup_days"] as Int)
        channel.set("hidden_from_output", false)
        channel.set("created_at", now)
        channel.set("updated_at", now)
        let id = try channel.insert(db, table: "dispatcharr_channels_channel")
        try db.connect(channel: id, streams: [stream["id"]])
        try db.show(channel: id, inProfiles: options.profileIDs.map { profiles.filter($0.contains) } ?? profiles)
        report.created += 1
    }

    // MARK: - What is left

    mutating func finish(_ db: Database) throws -> AutoSyncReport {
        report.guidesWithoutProgrammes = try db.guidesWithoutProgrammes(among: shown)
        return report
    }

    /// Removes channels whose stream is gone, as the account wants it.
    mutating func removeOrphans(_ db: Database, cleanup: String) throws {
        guard cleanup != "never" else { return }
        let customized = cleanup == "preserve_customized" ? #"AND override."id" IS NULL"# : ""
        let candidates = try Row.fetchAll(
            db,
            sql: """
                SELECT channel."id", channel."channel_number", (
                    SELECT group_concat(link."stream_id") FROM "dispatcharr_channels_channelstream" AS link
                    WHERE link."channel_id" = channel."id"
                ) AS "streams"
                FROM "dispatcharr_channels_channel" AS channel
                LEFT JOIN "dispatcharr_channels_channeloverride" AS override ON override."channel_id" = channel."id"
                WHERE channel."auto_created" AND channel."auto_created_by_id" = ?
                    AND NOT channel."hidden_from_output" \(customized)
                """,
            arguments: [account])
        for row in candidates {
            let streams = (row["streams"] as String? ?? "").split(separator: ",").compactMap { Int($0) }
            guard seen.isDisjoint(with: streams) else { continue }
            try ChannelTable.remove(db, row["id"])
            if let number = row["channel_number"] as Double? { numbers.remove(number) }
            report.deleted += 1
        }
    }
}

extension ChannelTable {
    /// Removes a channel with what exists only through it, as Django's cascade does.
    static func remove(_ db: Database, _ id: Int) throws {
        let recordings = try RecordingTable.fetch(db, #""channel_id" = ?"#, [id])
        try RecordingTable.remove(db, recordings)
        for (table, column) in [
            ("recurringrecordingrule", "channel_id"), ("channelstream", "channel_id"),
            ("channeloverride", "channel_id"),
            ("channelprofilemembership", "channel_id"), ("channel", "id"),
        ] {
            try db.execute(
                sql: #"DELETE FROM "dispatcharr_channels_\#(table)" WHERE "\#(column)" = ?"#, arguments: [id])
        }
    }
}
