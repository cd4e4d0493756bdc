public import CeleryProtocol
import GRDB

/// A group of settings: one row of `core_coresettings`, one JSON object.
public struct SettingsGroup: RawRepresentable, Sendable, Hashable {
    /// The row's key.
    public let rawValue: String

    /// The group with that key; plugins may have groups of their own.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Playlists and players: `m3u_hash_key`, default profile and user agent.
    public static let streams = SettingsGroup(rawValue: "stream_settings")
    /// The clock, the log and the like: `time_zone`, `max_system_events`.
    public static let system = SettingsGroup(rawValue: "system_settings")
    /// How guides are matched to channels.
    public static let epg = SettingsGroup(rawValue: "epg_settings")
    /// The stream proxy.
    public static let proxy = SettingsGroup(rawValue: "proxy_settings")
    /// The recorder.
    public static let dvr = SettingsGroup(rawValue: "dvr_settings")
    /// When backups are made and how many are kept.
    public static let backup = SettingsGroup(rawValue: "backup_settings")
    /// Who may reach which endpoint.
    public static let network = SettingsGroup(rawValue: "network_access")
    /// What happens at a user's stream limit.
    public static let userLimits = SettingsGroup(rawValue: "user_limit_settings")
    /// How often plugin repositories are read.
    public static let pluginRepositories = SettingsGroup(rawValue: "plugin_repo_settings")

    /// The groups that a fresh database has.
    public static let builtIn: Set<SettingsGroup> = [
        .streams, .system, .epg, .proxy, .dvr, .backup, .network, .userLimits, .pluginRepositories,
    ]
}

/// `core_coresettings`.
public struct SettingsTable: Sendable {
    let pool: DatabasePool

    /// Every group, in the order in which they were made.
    public func all() async throws -> [SettingsRow] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: #"SELECT * FROM "core_coresettings" ORDER BY "id""#).map(SettingsRow.init)
        }
    }

    /// The group's values; empty when there is no row.
    ///
    /// A fresh database has all groups with all their defaults.
    public func values(of group: SettingsGroup) async throws -> JSONObject {
        try await pool.read { try Self.values($0, group) }
    }

    /// Merges values into a group, making its row when missing; returns the group afterwards.
    ///
    /// A new `time_zone` also moves the crontabs that followed the old one.
    ///
    /// - Throws: ``CatalogError`` `invalidValue` for an `m3u_hash_key` that would make all streams the same one.
    @discardableResult
    public func update(_ group: SettingsGroup, with changes: JSONObject) async throws -> JSONObject {
        try Self.check(changes, of: group)
        return try await pool.write { db in
            let before = try Self.values(db, group)
            let after = before.merging(changes)
            try Self.replace(db, group, with: after)
            try Self.follow(db, group, from: before, to: after)
            return after
        }
    }

    /// Empties a group: what is not said has its default.
    public func clear(_ group: SettingsGroup) async throws {
        try await pool.write { try Self.replace($0, group, with: [:]) }
    }

    /// The IANA name of the zone that cron expressions are meant in.
    public func timeZone() async throws -> String {
        try await pool.read { try Self.timeZone($0) }
    }

    /// Which facts make a playlist entry the same one at the next refresh: a comma list, `url` on a fresh database.
    public func streamHashKeys() async throws -> String {
        try await values(of: .streams)["m3u_hash_key"]?.string ?? ""
    }

    /// The text of a user agent: of the one named, else of the default one; nil when neither is there.
    public func userAgent(_ id: Int?) async throws -> String? {
        try await pool.read { db in
            let fallback = try Self.values(db, .streams)["default_user_agent"]
            for candidate in [id, fallback?.int ?? fallback?.string.flatMap { Int($0) }].compactMap({ $0 }) {
                let text = try String.fetchOne(
                    db, sql: #"SELECT "user_agent" FROM "core_useragent" WHERE "id" = ?"#, arguments: [candidate])
                if let text, !text.isEmpty { return text }
            }
            return nil
        }
    }

    private static let hashKeys: Set<String> = ["name", "url", "tvg_id", "m3u_id", "group"]

    static func check(_ changes: JSONObject, of group: SettingsGroup) throws(CatalogError) {
        if group == .streams, let keys = changes["m3u_hash_key"] { try checkHashKeys(keys) }
        if group == .backup { try checkBackupTimes(changes) }
    }

    /// What else changes in the database with a group.
    static func follow(_ db: Database, _ group: SettingsGroup, from old: JSONObject, to new: JSONObject) throws {
        if group == .pluginRepositories { try PluginRepositoryTable.follow(db) }
        if group == .backup { try followBackups(db) }
        guard group == .system else { return }
        let before = old["time_zone"]?.string ?? "UTC", after = new["time_zone"]?.string ?? "UTC"
        if before != after, !after.isEmpty { try PeriodicTasks.moveCrontabs(db, from: before, to: after) }
    }

    private static func checkHashKeys(_ value: JSONValue) throws(CatalogError) {
        let names = (value.string ?? "").split(separator: ",").map {
            $0.trimmingPrefix { $0.isWhitespace }.prefix { !$0.isWhitespace }
        }
        guard !names.isEmpty, names.allSatisfy({ hashKeys.contains(String($0)) }) else {
            throw .invalid(
                "stream_settings.m3u_hash_key", found: String(value.text.prefix(80)),
                hint: "A comma list of at least one of name, url, tvg_id, m3u_id, group.")
        }
    }

    static func timeZone(_ db: Database) throws -> String {
        let name = try values(db, .system)["time_zone"]?.string ?? ""
        return name.isEmpty ? "UTC" : name
    }

    static func replace(_ db: Database, _ group: SettingsGroup, with values: JSONObject) throws {
        try db.execute(
            sql: """
                INSERT INTO "core_coresettings" ("key", "name", "value") VALUES (?, ?, ?)
                ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value"
                """,
            arguments: [group.rawValue, group.displayName, JSONValue.object(values).text])
    }

    static func values(_ db: Database, _ group: SettingsGroup) throws -> JSONObject {
        try Row.fetchOne(
            db, sql: #"SELECT "value" FROM "core_coresettings" WHERE "key" = ?"#, arguments: [group.rawValue])?
            .object("value") ?? JSONObject()
    }
}

extension SettingsGroup {
    /// `stream_settings` as "Stream Settings".
    var displayName: String {
        rawValue.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    }
}
