public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// When a schedule is due.
public enum Recurrence: Sendable, Hashable {
    /// Every so many `days`, `hours`, `minutes`, `seconds` or `microseconds`.
    case interval(every: Int, period: Period)
    /// At the times that match, on the clocks of a zone (IANA name).
    case crontab(CronExpression, timeZone: String)
    /// Once.
    case clocked(Date)
    /// At an event of the sun, `sunrise` for example, at a place.
    case solar(event: String, latitude: Double, longitude: Double)

    /// The units of an interval, as django_celery_beat spells them.
    public enum Period: String, Sendable, CaseIterable {
        case days, hours, minutes, seconds, microseconds

        /// The length of one.
        public var duration: Duration {
            switch self {
            case .days: .seconds(86400)
            case .hours: .seconds(3600)
            case .minutes: .seconds(60)
            case .seconds: .seconds(1)
            case .microseconds: .microseconds(1)
            }
        }
    }
}

/// One row of `django_celery_beat_periodictask` with its definition.
public struct Schedule: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// Unique name.
    public let name: String
    /// Which task it enqueues.
    public let task: String
    /// When; nil for a row that points at no definition, or at one that does not parse: see ``problem``.
    public let recurrence: Recurrence?
    /// Positional arguments; empty when they do not parse.
    public let arguments: [JSONValue]
    /// Keyword arguments; empty when they do not parse.
    public let keywordArguments: JSONObject
    /// What makes the row unusable, in words for its author; nil when it is sound.
    ///
    /// Beat skips such a row and says so.
    public let problem: String?
    /// Nil means the task's own queue.
    public let queue: String?
    /// AMQP only; kept for those who read it.
    public let exchange: String?
    /// AMQP only; kept for those who read it.
    public let routingKey: String?
    /// More message headers.
    public let headers: JSONObject
    /// 0–9, nil means the default.
    public let priority: Int?
    /// After this the schedule fires no more.
    public let expires: Date?
    /// Seconds after which a message that nobody took is dropped.
    public let expireSeconds: Int?
    /// Whether it fires once only.
    public let isOneOff: Bool
    /// Before this it does not fire.
    public let startTime: Date?
    /// Whether it fires at all.
    public let isEnabled: Bool
    /// When it last fired.
    public let lastRunAt: Date?
    /// How often it fired.
    public let totalRunCount: Int
    /// When somebody last changed it; firing is no change.
    public let changedAt: Date
    /// For people.
    public let description: String

    init(_ row: Row) {
        id = row["id"]
        name = row["name"]
        task = row["task"]
        recurrence = Recurrence(row)
        let argumentsValue = Self.parse(row["args"])?.array
        let keywordsValue = Self.parse(row["kwargs"])?.object
        arguments = argumentsValue ?? []
        keywordArguments = keywordsValue ?? JSONObject()
        problem =
            if recurrence == nil {
                "it points at no interval, crontab, clocked or solar definition that can be read"
            } else if argumentsValue == nil {
                "its arguments are not a JSON array"
            } else if keywordsValue == nil {
                "its keyword arguments are not a JSON object"
            } else {
                nil
            }
        queue = row["queue"]
        exchange = row["exchange"]
        routingKey = row["routing_key"]
        headers = Self.parse(row["headers"])?.object ?? JSONObject()
        priority = row["priority"]
        expires = row.time("expires")
        expireSeconds = row["expire_seconds"]
        isOneOff = row["one_off"]
        startTime = row.time("start_time")
        isEnabled = row["enabled"]
        lastRunAt = row.time("last_run_at")
        totalRunCount = row["total_run_count"]
        changedAt = row.time("date_changed") ?? .distantPast
        description = row["description"]
    }

    private static func parse(_ text: String) -> JSONValue? {
        try? JSONValue(parsing: text)  // the reader learns of it through `problem`
    }
}

extension Recurrence {
    /// From the columns that ``ScheduleTable`` joins; interval, crontab, solar, clocked: the order in which
    /// django_celery_beat looks, should a row point at more than one.
    fileprivate init?(_ row: Row) {
        if let every = row["interval_every"] as Int? {
            guard let period = Period(rawValue: row["interval_period"]), every > 0 else { return nil }
            self = .interval(every: every, period: period)
        } else if let minute = row["crontab_minute"] as String? {
            self = .crontab(
                CronExpression(
                    minute: minute, hour: row["crontab_hour"], dayOfMonth: row["crontab_day_of_month"],
                    monthOfYear: row["crontab_month_of_year"], dayOfWeek: row["crontab_day_of_week"]),
                timeZone: row["crontab_timezone"])
        } else if let event = row["solar_event"] as String? {
            self = .solar(event: event, latitude: row["solar_latitude"], longitude: row["solar_longitude"])
        } else if row["clocked_time"] as String? != nil {
            guard let time = row.time("clocked_time") else { return nil }
            self = .clocked(time)
        } else {
            return nil
        }
    }
}
