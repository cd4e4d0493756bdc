public import CeleryProtocol
import FoundationEssentials
import GRDB

/// What people say of a channel group as one account carries it; what is nil stays as it is.
public struct AccountGroupSetting: Sendable, Equatable {
    /// A value that may be taken away: nil stays as it is, `.some(nil)` is null.
    public typealias Number = Double?

    /// `dispatcharr_channels_channelgroup.id`.
    public var groupID: Int
    /// Whether its streams are wanted; true for one that the account did not carry.
    public var isEnabled: Bool?
    /// Whether channels are made of its streams; false for one that the account did not carry.
    public var syncsChannels: Bool?
    /// The first number for those channels, from 1.
    public var firstChannelNumber: Number?
    /// The last number for those channels, not below the first.
    public var lastChannelNumber: Number?
    /// Numbering and renaming options.
    public var customProperties: JSONObject?

    /// A group of which nothing is said yet.
    public init(groupID: Int) { self.groupID = groupID }
}

/// What people say of a category of films or series as one account carries it; what is nil stays as it is.
public struct AccountCategorySetting: Sendable, Equatable {
    /// `vod_vodcategory.id`.
    public var categoryID: Int
    /// Whether its titles are wanted; true for one that the account did not carry.
    public var isEnabled: Bool?
    /// Whatever programs keep there.
    public var customProperties: JSONObject?

    /// A category of which nothing is said yet.
    public init(categoryID: Int) { self.categoryID = categoryID }
}

/// What an account carries, and how much of it is wanted.
extension M3UAccountTable {
    /// Says what is wanted of an account's groups and categories, all of it or nothing.
    ///
    /// One that the account did not carry is carried from now on, as in Dispatcharr.
    ///
    /// - Throws: ``CatalogError`` `notFound` for the account or what does not exist, `invalidValue` for a bad range.
    public func set(
        _ groups: [AccountGroupSetting], _ categories: [AccountCategorySetting] = [], of account: Int
    ) async throws {
        try await pool.write { db in
            _ = try Self.get(db, account)
            for setting in groups { try Self.set(db, setting, of: account) }
            for setting in categories { try Self.set(db, setting, of: account) }
        }
    }

    private static func set(_ db: Database, _ setting: AccountGroupSetting, of account: Int) throws {
        let id = setting.groupID, table = "dispatcharr_channels_channelgroupm3uaccount"
        let row = try Row.fetchOne(
            db, sql: #"SELECT * FROM "\#(table)" WHERE "m3u_account_id" = ? AND "channel_group_id" = ?"#,
            arguments: [account, id])
        if row == nil { try require(db, id, in: "dispatcharr_channels_channelgroup", as: "channel_group") }
        let first = setting.firstChannelNumber ?? row?["auto_sync_channel_start"]
        let last = setting.lastChannelNumber ?? row?["auto_sync_channel_end"]
        for number in [first, last] {
            guard let number, number < 1 else { continue }
            throw CatalogError.invalid(
                "channel_group \(id)", found: "the channel range begins below 1", hint: "Channel range must be >= 1.")
        }
        if let first, let last, last < first {
            throw CatalogError.invalid(
                "channel_group \(id)", found: "the channel range ends before it begins",
                hint: "auto_sync_channel_end must be >= auto_sync_channel_start.")
        }
        var changes = RowChanges()
        if row == nil || setting.isEnabled != nil { changes.set("enabled", setting.isEnabled ?? true) }
        if row == nil || setting.syncsChannels != nil {
            changes.set("auto_channel_sync", setting.syncsChannels ?? false)
        }
        if setting.firstChannelNumber != nil { changes.set("auto_sync_channel_start", first) }
        if setting.lastChannelNumber != nil { changes.set("auto_sync_channel_end", last) }
        if row == nil || setting.customProperties != nil {
            changes.setJSON("custom_properties", nil, setting.customProperties ?? [:])
        }
        if let row { return try changes.update(db, table: table, id: row["id"]) }
        changes.set("channel_group_id", id)
        changes.set("m3u_account_id", account)
        changes.set("last_seen", DjangoTime.text(Date()))
        changes.set("is_stale", false)
        _ = try changes.insert(db, table: table)
    }

    private static func set(_ db: Database, _ setting: AccountCategorySetting, of account: Int) throws {
        let id = setting.categoryID, table = "vod_m3uvodcategoryrelation", now = DjangoTime.text(Date())
        let row = try Int.fetchOne(
            db, sql: #"SELECT "id" FROM "\#(table)" WHERE "m3u_account_id" = ? AND "category_id" = ?"#,
            arguments: [account, id])
        var changes = RowChanges()
        if row == nil || setting.isEnabled != nil { changes.set("enabled", setting.isEnabled ?? true) }
        if row == nil || setting.customProperties != nil {
            changes.setJSON("custom_properties", nil, setting.customProperties ?? [:])
        }
        changes.set("updated_at", now)
        if let row { return try changes.update(db, table: table, id: row) }
        try require(db, id, in: "vod_vodcategory", as: "category")
        changes.set("category_id", id)
        changes.set("m3u_account_id", account)
        changes.set("created_at", now)
        _ = try changes.insert(db, table: table)
    }

    private static func require(_ db: Database, _ id: Int, in table: String, as name: String) throws {
        let isThere = try Bool.fetchOne(
            db, sql: #"SELECT EXISTS (SELECT 1 FROM "\#(table)" WHERE "id" = ?)"#, arguments: [id])
        guard isThere ?? false else {
            throw CatalogError(
                code: .notFound, place: "\(name) \(id)", found: "there is no such row",
                hint: "A refresh makes them; list the account again.")
        }
    }
}
