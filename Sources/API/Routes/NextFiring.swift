import Catalog
import CeleryProtocol
import Foundation
import Skirret

/// What a schedule's row shows, whichever module's `Schedule` it is.
///
/// The database and the engine both have a type of that name; this file alone sees both.
protocol ScheduleRow {
    var id: Int { get }
    var name: String { get }
    var task: String { get }
    var recurrence: Recurrence? { get }
    var arguments: [JSONValue] { get }
    var keywordArguments: JSONObject { get }
    var problem: String? { get }
    var queue: String? { get }
    var priority: Int? { get }
    var isEnabled: Bool { get }
    var isOneOff: Bool { get }
    var startTime: Date? { get }
    var lastRunAt: Date? { get }
    var totalRunCount: Int { get }
    var changedAt: Date { get }
    var description: String { get }
}

/// When beat will fire, computed by beat's own rules.
enum NextFiring {
    /// The next due time; nil when there is none, or none that can be computed.
    static func date(of row: some ScheduleRow, after now: Date) -> Date? {
        guard row.problem == nil, !(row.isOneOff && row.totalRunCount > 0) else { return nil }
        guard let recurrence = row.recurrence, let schedule = try? engineSchedule(recurrence) else { return nil }
        let call = ScheduledCall(task: row.task)
        let entry = ScheduledTask(
            name: row.name, schedule: schedule, anchor: row.startTime ?? row.changedAt, lastRun: row.lastRunAt,
            start: row.startTime, call: call)
        return entry.next(after: now)
    }

    /// Why a rule cannot fire.
    ///
    /// Nil: it can.
    static func fault(_ recurrence: Recurrence) -> String? {
        do {
            _ = try engineSchedule(recurrence)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func engineSchedule(_ recurrence: Recurrence) throws -> Skirret.Schedule {
        switch recurrence {
        case .interval(let every, let period): return .interval(period.duration * every)
        case .clocked(let date): return .clocked(date)
        case .crontab(let cron, let zone):
            return .crontab(
                try CrontabSchedule(
                    minute: cron.minute, hour: cron.hour, dayOfMonth: cron.dayOfMonth, month: cron.monthOfYear,
                    dayOfWeek: cron.dayOfWeek, timeZone: zone))
        case .solar: throw Unsupported()
        }
    }

    private struct Unsupported: Error, CustomStringConvertible {
        let description = "solar schedules are not computed yet"
    }
}
