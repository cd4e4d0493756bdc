import CeleryProtocol
public import FoundationEssentials
import GRDB

extension M3UAccountTable {
    /// The beginning of the keys of ``expirations(at:)``.
    public static let expirationPrefix = "m3u-expiration-"

    /// What people should know of subscriptions that end: within 7, 3 and 1 days, and ended.
    ///
    /// One for each profile of an active account that says when it ends. The key stays the same for a profile, so that
    /// a nearer date replaces the last warning.
    public func expirations(at now: Date = Date()) async throws -> [SystemNotification] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT profile."id", profile."name", profile."exp_date", account."id" AS "account_id",
                        account."name" AS "account_name"
                    FROM "m3u_m3uaccountprofile" AS profile
                    JOIN "m3u_m3uaccount" AS account ON account."id" = profile."m3u_account_id"
                    WHERE account."is_active" AND profile."is_active" AND profile."exp_date" IS NOT NULL
                    ORDER BY profile."exp_date", profile."id"
                    """
            ).compactMap { Self.warning($0, at: now) }
        }
    }

    private static func warning(_ row: Row, at now: Date) -> SystemNotification? {
        guard let end = row.time("exp_date") else { return nil }
        let days = end.timeIntervalSince(now) / 86_400
        guard days <= 7 else { return nil }
        let account: String = row["account_name"]
        let date = DjangoTime.text(end).prefix(16)
        var notification = SystemNotification(
            key: "\(expirationPrefix)\(row["id"] as Int)", type: "warning", title: "", message: "")
        let profile = "Profile \"\(row["name"] as String)\" of M3U account \"\(account)\""
        switch days {
        case ...0:
            notification.title = "M3U account expired: \(account)"
            notification.message = "\(profile) expired on \(date) UTC."
            notification.priority = .critical
        case ...1:
            notification.title = "M3U account expires within a day: \(account)"
            notification.message = "\(profile) expires on \(date) UTC."
            notification.priority = .high
        default:
            notification.title = "M3U account expires within \(days <= 3 ? 3 : 7) days: \(account)"
            notification.message = "\(profile) expires on \(date) UTC."
            notification.priority = days <= 3 ? .high : .normal
        }
        notification.action = ["account_id": .int(row["account_id"]), "profile_id": .int(row["id"])]
        notification.isForAdmins = true
        return notification
    }
}
