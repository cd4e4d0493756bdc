public import CeleryProtocol
import FoundationEssentials
import GRDB

/// What the bell shows: one row of `core_systemnotification`.
public struct SystemNotification: Sendable, Equatable {
    /// Which urgency the bell shows, as the column spells it.
    public enum Priority: String, Sendable { case low, normal, high, critical }

    /// Unique: a second one with this key replaces the first.
    public var key: String
    /// `warning`, `info`, `version_update`, `announcement` or `setting_recommendation`.
    public var type: String
    /// How urgent it is.
    public var priority = Priority.normal
    /// At most 255 characters are kept.
    public var title: String
    /// For people.
    public var message: String
    /// What a click does.
    public var action: JSONObject = [:]
    /// Whether only administrators see it.
    public var isForAdmins = false

    /// A notification.
    public init(key: String, type: String, title: String, message: String) {
        self.key = key
        self.type = type
        self.title = title
        self.message = message
    }
}

/// `core_systemnotification`.
public struct NotificationTable: Sendable {
    let pool: DatabasePool

    /// Shows a notification, or changes the one with its key.
    ///
    /// A changed one is shown again to those who dismissed it; an equal one is left alone.
    ///
    /// - Returns: What clients are sent; nil when the same one was there already.
    public func post(_ notification: SystemNotification) async throws -> JSONObject? {
        try await pool.write { db in
            let now = Date()
            let old = try Row.fetchOne(
                db, sql: #"SELECT * FROM "core_systemnotification" WHERE "notification_key" = ?"#,
                arguments: [notification.key])
            let title = notification.title.cut(to: 255)
            if let old, old["is_active"] as Bool, old["title"] == title, old["message"] == notification.message {
                return nil
            }
            var row = RowChanges()
            row.set("notification_key", notification.key.cut(to: 255))
            row.set("notification_type", notification.type)
            row.set("priority", notification.priority.rawValue)
            row.set("source", "system")
            row.set("title", title)
            row.set("message", notification.message)
            row.set("action_data", JSONValue.object(notification.action).text)
            row.set("is_active", true)
            row.set("admin_only", notification.isForAdmins)
            row.set("created_at", DjangoTime.text(now))
            row.set("updated_at", DjangoTime.text(now))
            let id: Int
            if let old {
                id = old["id"]
                try row.update(db, table: "core_systemnotification", id: id)
                try db.execute(
                    sql: #"DELETE FROM "core_notificationdismissal" WHERE "notification_id" = ?"#, arguments: [id])
            } else {
                id = try row.insert(db, table: "core_systemnotification")
            }
            return [
                "id": .int(id), "notification_key": .string(notification.key),
                "notification_type": .string(notification.type), "priority": .string(notification.priority.rawValue),
                "title": .string(title), "message": .string(notification.message),
                "action_data": .object(notification.action), "is_active": true,
                "admin_only": .bool(notification.isForAdmins), "created_at": .string(DjangoTime.isoText(now)),
            ]
        }
    }

    /// Takes notifications off, by their keys' beginning, except those with the given keys.
    ///
    /// - Returns: The keys that went.
    public func withdraw(prefix: String, except kept: Set<String> = []) async throws -> [String] {
        try await pool.write { db in
            let keys = try String.fetchAll(
                db,
                sql: """
                    SELECT "notification_key" FROM "core_systemnotification"
                    WHERE "is_active" AND substr("notification_key", 1, ?) = ? ORDER BY "id"
                    """,
                arguments: [prefix.unicodeScalars.count, prefix]
            ).filter { !kept.contains($0) }
            for key in keys {
                try db.execute(
                    sql: """
                        UPDATE "core_systemnotification" SET "is_active" = 0, "updated_at" = ?
                        WHERE "notification_key" = ?
                        """,
                    arguments: [DjangoTime.text(Date()), key])
            }
            return keys
        }
    }
}
