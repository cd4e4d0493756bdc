package import Catalog
import CeleryProtocol
import Foundation
package import Skirret

/// When beat will fire, computed by beat's own rules.
enum NextFiring {
    /// The next due time; nil when there is none, or none that can be computed.
    static func date(of row: Catalog.Schedule, after now: Date) -> Date? {
        guard row.problem == nil, !(row.isOneOff && row.totalRunCount > 0) else { return nil }
        guard let recurrence = row.recurrence, let schedule = try? Skirret.Schedule(recurrence) else { return nil }
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
            _ = try Skirret.Schedule(recurrence)
            return nil
        } catch {
            return "\(error)"
        }
    }
}

extension Skirret.Schedule {
    /// What a row's rule means to beat.
    ///
    /// - Throws: `CrontabSchedule.Invalid`, or that solar schedules are not computed yet.
    package init(_ recurrence: Recurrence) throws {
        switch recurrence {
        case .interval(let every, let period): self = .interval(period.duration * every)
        case .clocked(let date): self = .clocked(date)
        case .crontab(let cron, let zone):
            self = .crontab(
                try CrontabSchedule(
                    minute: cron.minute, hour: cron.hour, dayOfMonth: cron.dayOfMonth, month: cron.monthOfYear,
                    dayOfWeek: cron.dayOfWeek, timeZone: zone))
        case .solar: throw UnsupportedRecurrence()
        }
    }
}

private struct UnsupportedRecurrence: Error, CustomStringConvertible {
    let description = "solar schedules are not computed yet"
}
