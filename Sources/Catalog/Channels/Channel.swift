public import FoundationEssentials
import GRDB

/// A channel as people see it: where somebody set a value over it, that one counts.
public struct Channel: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// How other programs and URLs name it.
    public let uuid: UUID?
    /// Its place in the list; nil for a channel without one.
    public let number: Double?
    /// For people.
    public let name: String
    /// The provider's name for its guide.
    public let tvgID: String?
    /// A Gracenote station.
    public let stationID: String?
    /// The guide channel that it shows, `epg_epgdata.id`.
    public let guideID: Int?
    /// `dispatcharr_channels_logo.id`.
    public let logoID: Int?
    /// `dispatcharr_channels_channelgroup.id`.
    public let groupID: Int?

    init(_ row: Row) {
        id = row["id"]
        uuid = (row["uuid"] as String?).flatMap(UUID.init(djangoText:))
        number = row["channel_number"]
        name = row["name"]
        tvgID = row["tvg_id"]
        stationID = row["tvc_guide_stationid"]
        guideID = row["epg_data_id"]
        logoID = row["logo_id"]
        groupID = row["channel_group_id"]
    }
}

/// `dispatcharr_channels_channel`, its overrides, and what hangs on them.
public struct ChannelTable: Sendable {
    let pool: DatabasePool

    /// The channels with those identifiers, or all of them, by number and name.
    public func all(_ ids: [Int]? = nil) async throws -> [Channel] {
        try await pool.read { try Self.fetch($0, ids) }
    }

    /// The channel with that identifier, or nil.
    public func find(_ id: Int) async throws -> Channel? {
        try await pool.read { try Self.fetch($0, [id]).first }
    }

    /// The columns of a channel that an override may replace, each as it is in effect.
    static let effective = """
        SELECT channel."id", channel."uuid",
            ifnull(override."channel_number", channel."channel_number") AS "channel_number",
            ifnull(override."name", channel."name") AS "name",
            ifnull(override."tvg_id", channel."tvg_id") AS "tvg_id",
            ifnull(override."tvc_guide_stationid", channel."tvc_guide_stationid") AS "tvc_guide_stationid",
            ifnull(override."epg_data_id", channel."epg_data_id") AS "epg_data_id",
            ifnull(override."logo_id", channel."logo_id") AS "logo_id",
            ifnull(override."channel_group_id", channel."channel_group_id") AS "channel_group_id"
        FROM "dispatcharr_channels_channel" AS channel
        LEFT JOIN "dispatcharr_channels_channeloverride" AS override ON override."channel_id" = channel."id"
        """

    static func fetch(_ db: Database, _ ids: [Int]?) throws -> [Channel] {
        let order = #"ORDER BY 3 IS NULL, 3, 4, 1"#
        guard let ids else { return try Row.fetchAll(db, sql: "\(effective) \(order)").map(Channel.init) }
        return try Row.fetchAll(
            db, sql: #"\#(effective) WHERE channel."id" IN (SELECT "value" FROM json_each(?)) \#(order)"#,
            arguments: [ids.jsonText]
        ).map(Channel.init)
    }
}

extension [Int] {
    /// `[1,2,3]`: a list as one SQL argument, whatever its length; `json_each` takes it apart.
    var jsonText: String { "[" + map(String.init).joined(separator: ",") + "]" }
}

extension Database {
    /// The logo with that address, made when there is none; nil for an empty address.
    func logo(named name: String, url: String?) throws -> Int? {
        guard let url, !url.isEmpty else { return nil }
        let find = #"SELECT "id" FROM "dispatcharr_channels_logo" WHERE "url" = ?"#
        if let known = try Int.fetchOne(self, sql: find, arguments: [url]) { return known }
        try execute(
            sql: #"INSERT INTO "dispatcharr_channels_logo" ("name", "url") VALUES (?, ?)"#,
            arguments: [name.cut(to: 255), url])
        return Int(lastInsertedRowID)
    }
}
