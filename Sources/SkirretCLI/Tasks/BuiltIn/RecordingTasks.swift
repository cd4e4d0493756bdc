import Catalog
import CeleryProtocol
import Foundation
import Skirret

/// What is to be recorded, and when; the recording itself is ``recorderTasks``.
extension DispatcharrTasks {
    var recordingTasks: [RegisteredTask] {
        [
            seriesRules.registered, offsets.registered, rebuildRule.registered, maintainRules.registered,
            purgeRule.registered, artwork.registered,
        ]
    }

    static let artworkTask = "apps.channels.tasks.prefetch_recording_artwork"

    private var seriesRules: TaskDefinition<JSONValue, String?> {
        let options = TaskOptions(
            singleFlight: .init(
                name: { _, _ in "series-rules" }, answer: { _ in ["scheduled": 0, "details": [], "status": "locked"] }))
        return TaskDefinition(
            "apps.channels.tasks.evaluate_series_rules", parameters: ["tvg_id"], options: options
        ) { (tvgID: String?) in
            let evaluation = try await catalog.recordings.evaluateSeriesRules(tvgID: tvgID)
            try await announce(evaluation.scheduled)
            return [
                "scheduled": .int(evaluation.scheduled.count),
                "details": .array(evaluation.details.map(JSONValue.object)),
            ]
        }
    }

    private var offsets: TaskDefinition<JSONValue> {
        TaskDefinition("apps.channels.tasks.reschedule_upcoming_recordings_for_offset_change") { () in
            let moved = try await catalog.recordings.applyOffsets()
            await tell("recordings_refreshed", ["rescheduled": .int(moved.changed)])
            return [
                "changed": .int(moved.changed), "scanned": .int(moved.scanned), "pre": .int(moved.pre),
                "post": .int(moved.post),
            ]
        }
    }

    private var rebuildRule: TaskDefinition<Int, Int, Int?> {
        TaskDefinition(
            "apps.channels.tasks.rebuild_recurring_rule", parameters: ["rule_id", "horizon_days"]
        ) { (id: Int, days: Int?) in
            let made = try await catalog.recurringRules.rebuild(id, days: days ?? 14)
            try await announce(made)
            return made.count
        }
    }

    private var maintainRules: TaskDefinition<Int> {
        TaskDefinition("apps.channels.tasks.maintain_recurring_recordings") { () in
            let made = try await catalog.recurringRules.maintain()
            if !made.isEmpty { try await announce(made) }
            return made.count
        }
    }

    private var purgeRule: TaskDefinition<Int, Int> {
        TaskDefinition("apps.channels.tasks.purge_recurring_rule", parameters: ["rule_id"]) { (id: Int) in
            let gone = try await catalog.recurringRules.purge(id)
            await tell("recordings_refreshed", ["removed": .int(gone)])
            return gone
        }
    }

    private var artwork: TaskDefinition<String, Int> {
        TaskDefinition(Self.artworkTask, parameters: ["recording_id"]) { (id: Int) in
            guard let recording = try await catalog.recordings.find(id) else { return "missing" }
            guard let found = try await catalog.recordings.artwork(for: recording) else { return "no_artwork" }
            guard recording.properties["poster_url"]?.string != found.url else { return "unchanged" }
            try await catalog.recordings.note(
                id, ["poster_url": .string(found.url), "poster_logo_id": JSONValue(found.logoID)])
            await tell("recording_updated", ["recording_id": .int(id)])
            return "ok"
        }
    }

    /// New recordings: browsers read them again, and each gets its poster.
    private func announce(_ made: [Recording]) async throws {
        await tell("recordings_refreshed", ["scheduled": .int(made.count)])
        for recording in made { try await queue.send(Self.artworkTask, args: [.int(recording.id)]) }
    }
}
