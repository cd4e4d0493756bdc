public import CeleryProtocol
import Foundation

extension Schedule {
    private static let periods: [(name: String, microseconds: Int)] = [
        ("days", 86_400_000_000), ("hours", 3_600_000_000), ("minutes", 60_000_000), ("seconds", 1_000_000),
        ("microseconds", 1),
    ]

    /// The rule as JSON: `{"type": "interval", "every": 30, "period": "seconds"}`,
    /// `{"type": "crontab", "crontab": "30 2 * * *", "timezone": "Europe/Berlin"}`,
    /// `{"type": "clocked", "at": "2027-03-28T01:00:00+00:00"}`,
    /// `{"type": "solar", "event": "sunset", "latitude": 52.5, "longitude": 13.4}`.
    public var json: JSONValue {
        switch self {
        case .interval(let every):
            let microseconds = Int((every.seconds * 1e6).rounded())
            let period = Self.periods.first { microseconds % $0.microseconds == 0 } ?? ("microseconds", 1)
            return [
                "type": "interval", "every": .int(microseconds / period.microseconds), "period": .string(period.name),
            ]
        case .crontab(let crontab):
            return ["type": "crontab", "crontab": .string(crontab.line), "timezone": .string(crontab.timeZone)]
        case .clocked(let date):
            return ["type": "clocked", "at": .string(WireDate.text(date))]
        case .solar(let solar):
            return [
                "type": "solar", "event": .string(solar.event.rawValue), "latitude": .double(solar.latitude),
                "longitude": .double(solar.longitude),
            ]
        }
    }

    /// Reads a rule from JSON, as ``json`` writes it.
    ///
    /// - Throws: ``InvalidSchedule``, also for a rule that can never fire or a zone nobody knows.
    public init(json: JSONValue) throws(InvalidSchedule) {
        switch json["type"]?.string {
        case "interval": self = .interval(try Self.interval(json))
        case "crontab":
            guard let line = json["crontab"]?.string else {
                throw InvalidSchedule("schedule.crontab", "expected five fields in one text, as in \"30 2 * * *\"")
            }
            do {
                self = .crontab(try CrontabSchedule(line: line, timeZone: json["timezone"]?.string ?? "UTC"))
            } catch {
                throw InvalidSchedule("schedule.crontab", error.description)
            }
        case "clocked":
            guard let date = (json["at"]?.string).flatMap({ WireDate.parse($0) }) else {
                throw InvalidSchedule("schedule.at", "expected an ISO 8601 time, as in \"2027-03-28T02:30:00Z\"")
            }
            self = .clocked(date)
        case "solar":
            guard let event = json["event"]?.string, let latitude = json["latitude"]?.double,
                let longitude = json["longitude"]?.double
            else { throw InvalidSchedule("schedule", "a solar rule needs event, latitude and longitude") }
            do {
                self = .solar(try SolarSchedule(event: event, latitude: latitude, longitude: longitude))
            } catch {
                throw InvalidSchedule("schedule", error.description)
            }
        default:
            throw InvalidSchedule("schedule.type", "expected interval, crontab, clocked or solar")
        }
    }

    private static func interval(_ json: JSONValue) throws(InvalidSchedule) -> Duration {
        guard let every = json["every"]?.int, (1...1_000_000_000).contains(every) else {
            throw InvalidSchedule("schedule.every", "expected a whole number from 1 to 1000000000")
        }
        guard let period = periods.first(where: { $0.name == json["period"]?.string }) else {
            throw InvalidSchedule(
                "schedule.period", "expected one of " + periods.map(\.name).joined(separator: ", "))
        }
        return .microseconds(period.microseconds) * every
    }
}
