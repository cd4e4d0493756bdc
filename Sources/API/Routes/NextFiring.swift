package import Catalog
import CeleryProtocol
import Foundation
package import Skirret

/// When beat will fire, computed by beat's own rules.
enum NextFiring {
    /// The next due time; nil when there is none, or none that can be computed.
    static func date(of row: Catalog.Schedule, after now: Date) -> Date? {
        guard row.problem == nil, let entry = try? ScheduledTask(row) else { return nil }
        return entry.next(after: now, count: 1).first.map(\.date).flatMap { $0 <= APITime.last ? $0 : nil }
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
    /// - Throws: `CrontabSchedule.Invalid` or `SolarSchedule.Invalid`.
    package init(_ recurrence: Recurrence) throws {
        switch recurrence {
        case .interval(let every, let period):
            // Before it is multiplied: a row may hold any number.
            guard 1...1_000_000_000 ~= every else {
                throw InvalidSchedule("schedule.every", "expected a whole number from 1 to 1000000000, got \(every)")
            }
            self = .interval(period.duration * every)
            try requireFirings()
        case .clocked(let date): self = .clocked(date)
        case .crontab(let cron, let zone):
            self = .crontab(
                try CrontabSchedule(
                    minute: cron.minute, hour: cron.hour, dayOfMonth: cron.dayOfMonth, month: cron.monthOfYear,
                    dayOfWeek: cron.dayOfWeek, timeZone: zone))
        case .solar(let event, let latitude, let longitude):
            self = .solar(try SolarSchedule(event: event, latitude: latitude, longitude: longitude))
        }
    }
}

extension Skirret.Schedule {
    /// The longest interval that means anything: a thousand years.
    private static let longest = Duration.seconds(1000 * 366 * 86_400)

    /// - Throws: `InvalidSchedule` for an interval at whose end nobody will be there, and no calendar either.
    package func requireFirings() throws(InvalidSchedule) {
        guard case .interval(let duration) = self, duration > Self.longest else { return }
        throw InvalidSchedule("schedule.every", "expected an interval of at most a thousand years")
    }
}

extension ScheduledTask {
    /// What a row means to beat.
    ///
    /// What django_celery_beat has no column for stands under one key of the row's headers and is not sent:
    /// `{"skirret": {"missed": "all", "overlap": "skip", "jitter_seconds": 20, "recorded": false}}`.
    ///
    /// - Throws: What makes the rule or these options unusable.
    package init(_ row: Catalog.Schedule) throws {
        guard let recurrence = row.recurrence, row.problem == nil else {
            throw InvalidSchedule("schedule", row.problem ?? "it has no rule")
        }
        var headers = row.headers
        let options = headers.removeValue(forKey: "skirret")?.object ?? [:]
        let call = ScheduledCall(
            task: row.task, args: row.arguments, kwargs: row.keywordArguments,
            queue: row.queue.map(QueueName.init(rawValue:)), priority: row.priority,
            expiresAfter: row.expireSeconds.map { .seconds($0) }, headers: headers)
        self.init(row.name, try Skirret.Schedule(recurrence), call)
        isEnabled = row.isEnabled
        isOneOff = row.isOneOff
        start = row.startTime
        end = row.expires
        changedAt = row.changedAt
        lastRun = row.lastRunAt
        description = row.description
        try apply(options)
        try validate()
    }

    private mutating func apply(_ options: JSONObject) throws {
        // Read as part of a definition, so that both are checked by the same words.
        var definition: JSONObject = ["name": .string(name), "task": .string(call.task), "schedule": schedule.json]
        definition.merge(options)
        let read = try ScheduledTask(json: definition)
        missed = read.missed
        overlap = read.overlap
        jitter = read.jitter
        isRecorded = read.isRecorded
    }
}
