import CeleryProtocol
import Foundation
import GRDB

/// What came of making channels from streams.
public struct ChannelCreation: Sendable, Equatable {
    /// The new channels, in the order of the streams.
    public var created: [Int] = []
    /// Why some streams became none, one sentence each.
    public var errors: [String] = []
    /// Logos that were new.
    public var newLogos = 0
    /// Guide channels that the new channels show and that have no programmes yet: somebody should read them.
    public var guidesWithoutProgrammes: [Int] = []

    /// Nothing yet.
    public init() {}
}

extension ChannelTable {
    /// Makes one channel of each stream: all of them or, when the database fails, none.
    ///
    /// A channel takes its stream's name, group, logo and tvg-id, and the guide channel with that id from the source
    /// that is preferred.
    ///
    /// - Parameters:
    ///   - streams: In this order; unknown ones are reported, not fatal.
    ///   - profiles: The channel profiles that show the channels. Nil, or a list with 0 in it, means all of them.
    ///   - numbering: How they are numbered.
    /// - Returns: What was made.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func create(
        fromStreams streams: [Int], profiles: [Int]? = nil, numbering: ChannelNumbering = .provider
    ) async throws -> ChannelCreation {
        try await pool.write { db in
            var maker = try ChannelMaker(db, profiles: profiles, numbering: numbering)
            for stream in streams { try maker.make(db, from: stream) }
            return try maker.finish(db)
        }
    }
}

/// Makes channels of streams inside one transaction.
private struct ChannelMaker {
    private let now = DjangoTime.text(Date())
    private let profiles: [Int]
    private let numbering: ChannelNumbering
    private let guides: PreferredGuides
    private var numbers: ChannelNumbers
    private var outcome = ChannelCreation()
    private let logosBefore: Int

    init(_ db: Database, profiles: [Int]?, numbering: ChannelNumbering) throws {
        self.numbering = numbering
        let all = try Int.fetchAll(db, sql: #"SELECT "id" FROM "dispatcharr_channels_channelprofile" ORDER BY "id""#)
        if let profiles, !profiles.contains(0) {
            self.profiles = all.filter(Set(profiles).contains)
        } else {
            self.profiles = all
        }
        let first = if case .from(let number) = numbering { number } else { 1.0 }
        numbers = try ChannelNumbers(db, startingAt: first)
        guides = try PreferredGuides(db)
        logosBefore = try Self.logoCount(db)
    }

    mutating func make(_ db: Database, from stream: Int) throws {
        let row = try Row.fetchOne(
            db, sql: #"SELECT * FROM "dispatcharr_channels_stream" WHERE "id" = ?"#, arguments: [stream])
        guard let row else {
            outcome.errors.append("Stream \(stream): there is no such stream.")
            return
        }
        let name: String = row["name"]
        let tvgID: String? = row["tvg_id"]
        let guide = tvgID.flatMap { guides[$0] }
        var channel = RowChanges()
        channel.set("channel_number", number(for: row))
        channel.set("name", name)
        channel.set("logo_id", try db.logo(named: name, url: row["logo_url"]))
        channel.set("channel_group_id", row["channel_group_id"] as Int?)
        channel.set("tvg_id", tvgID)
        channel.set("tvc_guide_stationid", row.object("custom_properties")["tvc-guide-stationid"]?.string)
        channel.set("epg_data_id", guide)
        channel.set("uuid", UUID().djangoText)
        channel.set("user_level", 0)
        channel.set("is_adult", row["is_adult"] as Bool)
        channel.set("auto_created", false)
        channel.set("is_catchup", row["is_catchup"] as Bool)
        channel.set("catchup_days", row["catchup_days"] as Int)
        channel.set("hidden_from_output", false)
        channel.set("created_at", now)
        channel.set("updated_at", now)
        let id = try channel.insert(db, table: "dispatcharr_channels_channel")
        try db.connect(channel: id, streams: [stream])
        try db.show(channel: id, inProfiles: profiles)
        outcome.created.append(id)
        if let guide { outcome.guidesWithoutProgrammes.append(guide) }
    }

    private mutating func number(for stream: Row) -> Double? {
        if numbering == .provider, let wanted = Self.providerNumber(stream), numbers.take(wanted) { return wanted }
        return numbers.takeNext()
    }

    /// `stream_chno`, or where a playlist's author wrote it.
    private static func providerNumber(_ stream: Row) -> Double? {
        if let number = stream["stream_chno"] as Double? { return number }
        let properties = stream.object("custom_properties")
        return ["tvg-chno", "channel-number", "num"].lazy
            .compactMap { properties[$0] }
            .compactMap { $0.double ?? $0.string.flatMap(Double.init) }
            .first { $0.isFinite }
    }

    mutating func finish(_ db: Database) throws -> ChannelCreation {
        outcome.newLogos = try Self.logoCount(db) - logosBefore
        outcome.guidesWithoutProgrammes = try db.guidesWithoutProgrammes(among: outcome.guidesWithoutProgrammes)
        return outcome
    }

    private static func logoCount(_ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: #"SELECT count(*) FROM "dispatcharr_channels_logo""#) ?? 0
    }
}

/// For each tvg-id the guide channel of the active source that is preferred, without regard to case.
struct PreferredGuides {
    private var guides: [String: Int] = [:]

    init(_ db: Database) throws {
        // The last one of an id stays: the highest priority, and of several the first.
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT guide."id", guide."tvg_id" FROM "epg_epgdata" AS guide
                JOIN "epg_epgsource" AS source ON source."id" = guide."epg_source_id"
                WHERE source."is_active" AND ifnull(guide."tvg_id", '') <> ''
                ORDER BY source."priority", guide."id" DESC
                """)
        while let row = try rows.next() { guides[(row["tvg_id"] as String).lowercased()] = row["id"] }
    }

    subscript(tvgID: String) -> Int? { guides[tvgID.lowercased()] }
}

extension Database {
    /// Puts streams behind a channel, in order.
    func connect(channel: Int, streams: [Int]) throws {
        let insert = try cachedStatement(
            sql: """
                INSERT OR IGNORE INTO "dispatcharr_channels_channelstream" ("channel_id", "stream_id", "order")
                VALUES (?, ?, ?)
                """)
        for (order, stream) in streams.enumerated() { try insert.execute(arguments: [channel, stream, order]) }
    }

    /// Lets profiles show a channel.
    func show(channel: Int, inProfiles profiles: [Int]) throws {
        let insert = try cachedStatement(
            sql: """
                INSERT OR IGNORE INTO "dispatcharr_channels_channelprofilemembership" (
                    "channel_profile_id", "channel_id", "enabled"
                )
                VALUES (?, ?, 1)
                """)
        for profile in profiles { try insert.execute(arguments: [profile, channel]) }
    }

    /// Those of the guide channels that have no programme and are not made up, each once.
    func guidesWithoutProgrammes(among guides: [Int]) throws -> [Int] {
        try Int.fetchAll(
            self,
            sql: """
                SELECT guide."id" FROM "epg_epgdata" AS guide
                JOIN "epg_epgsource" AS source ON source."id" = guide."epg_source_id"
                WHERE guide."id" IN (SELECT "value" FROM json_each(?)) AND source."source_type" <> 'dummy'
                    AND NOT EXISTS (SELECT 1 FROM "epg_programdata" WHERE "epg_id" = guide."id")
                ORDER BY guide."id"
                """,
            arguments: [guides.jsonText])
    }
}
