/// Five fields of a crontab, as `django_celery_beat_crontabschedule` spells them.
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    /// 0–59.
    public var minute: String
    /// 0–23.
    public var hour: String
    /// 1–31.
    public var dayOfMonth: String
    /// 1–12.
    public var monthOfYear: String
    /// 0–6 from Sunday, or names.
    public var dayOfWeek: String

    /// Reads `"m h dom mon dow"`.
    ///
    /// - Throws: ``CatalogError`` `invalidValue` unless it has five parts that each fit their column.
    public init(parsing text: String) throws(CatalogError) {
        let parts = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard parts.count == 5 else {
            throw .invalid(
                "cron_expression", found: "\"\(text.prefix(80))\" has \(parts.count) parts",
                hint: "Cron expression must have 5 parts: minute hour day month weekday")
        }
        for (part, limit) in zip(parts, [240, 96, 124, 64, 64]) where part.utf8.count > limit {
            throw .invalid(
                "cron_expression", found: "a part of \(part.utf8.count) characters", hint: "At most \(limit) fit there."
            )
        }
        minute = parts[0]
        hour = parts[1]
        dayOfMonth = parts[2]
        monthOfYear = parts[3]
        dayOfWeek = parts[4]
    }

    init(minute: String, hour: String, dayOfMonth: String, monthOfYear: String, dayOfWeek: String) {
        self.minute = minute
        self.hour = hour
        self.dayOfMonth = dayOfMonth
        self.monthOfYear = monthOfYear
        self.dayOfWeek = dayOfWeek
    }

    /// `"m h dom mon dow"`.
    public var description: String { [minute, hour, dayOfMonth, monthOfYear, dayOfWeek].joined(separator: " ") }
}
