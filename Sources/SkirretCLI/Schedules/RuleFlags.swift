import ArgumentParser
import CeleryProtocol
import Foundation
import Skirret

/// The flags that say when something is due.
struct RuleFlags: ParsableArguments {
    @Option(help: "Five fields in Celery's notation: minute, hour, day of month, month, day of week.")
    var cron: String?

    @Option(help: "The IANA zone whose clocks count, for --cron and for times without an offset.")
    var zone = "UTC"

    @Option(help: "A fixed distance: 30s, 5m, 1h, 2d, 250ms.")
    var every: String?

    @Option(help: "Once, at this time: 2027-03-28T02:30, in --zone, or with an offset.")
    var at: String?

    @Option(help: "An event of the sun, such as sunrise, solar_noon or dusk_civil; with --latitude and --longitude.")
    var solar: String?

    @Option(help: "Degrees, north of the equator positive.")
    var latitude: Double?

    @Option(help: "Degrees, east of Greenwich positive.")
    var longitude: Double?

    /// The rule; nil when no flag names one.
    ///
    /// - Throws: `ValidationError` for more than one, or one that cannot work.
    func schedule() throws -> Schedule? {
        let given = [cron, every, at, solar].compactMap { $0 }
        guard given.count <= 1 else { throw ValidationError("Give one of --cron, --every, --at and --solar.") }
        do {
            if let cron { return .crontab(try CrontabSchedule(line: cron, timeZone: zone)) }
            if let every { return .interval(try Self.duration(every, "--every")) }
            if let at { return .clocked(try time(at, "--at")) }
            guard let solar else { return nil }
            guard let latitude, let longitude else {
                throw ValidationError("--solar needs --latitude and --longitude.")
            }
            return .solar(try SolarSchedule(event: solar, latitude: latitude, longitude: longitude))
        } catch let error as CrontabSchedule.Invalid {
            throw ValidationError("--cron: \(error).")
        } catch let error as SolarSchedule.Invalid {
            throw ValidationError("--solar: \(error).")
        }
    }

    /// An instant; a text without an offset means the clock on the wall in --zone.
    func time(_ text: String, _ flag: String) throws -> Date {
        guard let zone = TimeZone(identifier: zone) else {
            throw ValidationError("--zone: '\(self.zone)' is unknown; write an IANA name such as Europe/Berlin.")
        }
        guard let asUTC = WireDate.parse(text) else {
            throw ValidationError("\(flag): expected a time such as 2027-03-28T02:30 or 2027-03-28, got '\(text)'.")
        }
        // The offset on the day before settles times that the clock shows twice, or never, as cron rules do.
        let before = zone.secondsFromGMT(for: asUTC - 86_400)
        let first = WireDate.parse(text, naiveOffset: before) ?? asUTC
        if zone.secondsFromGMT(for: first) == before { return first }
        return WireDate.parse(text, naiveOffset: zone.secondsFromGMT(for: first)) ?? first
    }

    /// `30s`, `5m`, `1h`, `2d`, `250ms`, or a number of seconds.
    static func duration(_ text: String, _ flag: String) throws -> Duration {
        let units: [(String, Int)] = [("ms", 1000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000)]
        let unit =
            units.first { text.hasSuffix($0.0) } ?? (text.hasSuffix("d") ? ("d", 86_400_000_000) : ("", 1_000_000))
        guard let count = Double(text.dropLast(unit.0.count)), count > 0, count <= 1e9 else {
            throw ValidationError("\(flag): expected something like 30s, 5m, 1h, 2d or 250ms, got '\(text)'.")
        }
        return .microseconds(Int((count * Double(unit.1)).rounded()))
    }
}

extension Schedule {
    /// The rule in a few words.
    var summary: String {
        switch self {
        case .interval: "every \(json["every"]?.text ?? "") \(json["period"]?.string ?? "")"
        case .crontab(let crontab): "\(crontab.line) \(crontab.timeZone)"
        case .clocked(let date): "once, \(WireDate.text(date))"
        case .solar(let solar): "\(solar.event.rawValue) at \(solar.latitude), \(solar.longitude)"
        }
    }

    /// The zone in which people think of its times.
    var displayZone: TimeZone {
        guard case .crontab(let crontab) = self else { return .gmt }
        return TimeZone(identifier: crontab.timeZone) ?? .gmt
    }
}

extension Date {
    /// `Sun 2027-03-28 03:00:00 +02:00`.
    func onTheWall(of zone: TimeZone) -> String {
        let format = Date.VerbatimFormatStyle(
            format: """
                \(weekday: .abbreviated) \(year: .padded(4))-\(month: .twoDigits)-\(day: .twoDigits) \
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
                \(second: .twoDigits) \(timeZone: .iso8601(.long))
                """,
            locale: Locale(identifier: "en_US_POSIX"), timeZone: zone, calendar: Calendar(identifier: .gregorian))
        return formatted(format)
    }
}
