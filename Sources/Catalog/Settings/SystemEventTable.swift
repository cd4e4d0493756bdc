public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// One line of the system's log.
public struct SystemEvent: Sendable, Equatable {
    /// The row's identifier; larger is later.
    public let id: Int
    /// `m3u_refresh`, `channel_start`, … or a plugin's own word.
    public let type: String
    /// When it happened.
    public let timestamp: Date
    /// The channel it is about.
    public let channelID: UUID?
    /// That channel's name then.
    public let channelName: String?
    /// Whatever else is known.
    public let details: JSONObject
}

/// `core_systemevent`: the newest events, `max_system_events` of them.
public struct SystemEventTable: Sendable {
    /// Hears of an event: its type, the channel's name, and its details.
    public typealias Listener = @Sendable (_ type: String, _ channelName: String?, _ details: JSONObject) async -> Void

    let pool: DatabasePool
    let listener: Listener?

    /// Appends an event and drops the oldest above the limit of the setting `max_system_events` (100).
    ///
    /// Returns when whoever listens has heard of it; see ``CatalogDatabase/onSystemEvent(_:)``.
    ///
    /// - Parameters:
    ///   - type: At most 50 characters are kept.
    ///   - channelID: The channel it is about.
    ///   - channelName: At most 255 characters are kept.
    ///   - details: Whatever else is known.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func insert(
        _ type: String, channelID: UUID? = nil, channelName: String? = nil, details: JSONObject = [:]
    ) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO "core_systemevent" ("event_type", "timestamp", "channel_id", "channel_name", "details")
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    String(type.prefix(50)), DjangoTime.text(Date()), channelID?.djangoText,
                    channelName.map { String($0.prefix(255)) }, JSONValue.object(details).text,
                ])
            let limit = try SettingsTable.values(db, .system)["max_system_events"]?.int ?? 100
            try db.execute(
                sql: """
                    DELETE FROM "core_systemevent"
                    WHERE "id" <= (SELECT "id" FROM "core_systemevent" ORDER BY "id" DESC LIMIT 1 OFFSET ?)
                    """,
                arguments: [max(limit, 0)])
        }
        await listener?(type, channelName, details)
    }

    /// The newest events first.
    public func latest(_ count: Int = 100) async throws -> [SystemEvent] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: #"SELECT * FROM "core_systemevent" ORDER BY "id" DESC LIMIT ?"#, arguments: [count]
            ).map { row in
                SystemEvent(
                    id: row["id"], type: row["event_type"], timestamp: row.time("timestamp") ?? .distantPast,
                    channelID: (row["channel_id"] as String?).flatMap(UUID.init(djangoText:)),
                    channelName: row["channel_name"], details: row.object("details"))
            }
        }
    }
}
