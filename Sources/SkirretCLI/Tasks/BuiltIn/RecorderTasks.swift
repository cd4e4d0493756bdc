import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// Recording, and what follows it.
extension DispatcharrTasks {
    var recorderTasks: [RegisteredTask] { [record.registered, recover.registered, cutCommercials.registered] }

    static let recoveryTask = "apps.channels.tasks.recover_recordings_on_startup"
    private static let recordTask = "apps.channels.tasks.run_recording"
    static let comskipTask = "apps.channels.tasks.comskip_process_recording"
    private var recordings: URL { data.appending(path: "recordings") }

    private var record: TaskDefinition<String, Int, Int, String, String> {
        let options = TaskOptions(
            queue: "dvr", retry: .deferring(atMost: 100),
            singleFlight: .init(
                name: { args, kwargs in "recording:\((args.first ?? kwargs["recording_id"] ?? .null).text)" },
                answer: { .string("Recording already in progress, as \($0)") }))
        return TaskDefinition(
            Self.recordTask, parameters: ["recording_id", "channel_id", "start_time_str", "end_time_str"],
            options: options
        ) { (context: TaskContext, id: Int, _: Int, _: String, _: String) in
            // The row is what counts: it may have been moved since this was sent.
            guard let row = try await catalog.recordings.find(id) else { return "missing" }
            guard row.status != "completed", row.status != "stopped" else { return row.status ?? "" }
            let wait = row.start.timeIntervalSinceNow
            guard wait <= 1 else { throw context.retry(after: .seconds(min(wait, 3600))) }
            let ffmpeg: Program
            do {
                ffmpeg = try Program("ffmpeg", package: "ffmpeg")
            } catch {
                try await end(row, "interrupted", ["interrupted_reason": .string("\(error)")])
                throw error
            }
            let recorder = Recorder(catalog: catalog, ffmpeg: ffmpeg, folder: recordings, logger: context.logger)
            try await begin(row)
            return try await finish(row, recorder.record(id), context)
        }
    }

    /// Goes on with what a stopped machine left: recordings whose time is not over run again, the parts of the others
    /// become files.
    private var recover: TaskDefinition<String> {
        let options = TaskOptions(
            singleFlight: .init(
                name: { _, _ in "recordings-recovery" }, answer: { _ in "Recovery already in progress" }))
        return TaskDefinition(Self.recoveryTask, options: options) {
            (context: TaskContext) in
            for row in try await catalog.recordings.unfinished() {
                if row.end > Date() {
                    let times = [row.start, row.end].map { JSONValue.string(DjangoTime.isoText($0)) }
                    try await queue.send(
                        Self.recordTask, args: [.int(row.id), .int(row.channelID)] + times)
                    continue
                }
                // Somebody may still be at its end.
                guard try await context.reserve("recording:\(row.id)") == nil else { continue }
                do {
                    let recorder = Recorder(
                        catalog: catalog, ffmpeg: try Program("ffmpeg", package: "ffmpeg"), folder: recordings,
                        logger: context.logger)
                    _ = try await finish(row, recorder.join(row, orElse: "it was interrupted"), context)
                } catch {
                    context.logger.error(
                        "a recording was not recovered", metadata: ["recording": "\(row.id)", "error": "\(error)"])
                    if error is CancellationError { throw error }
                }
            }
            return "Recovery complete"
        }
    }

    private func begin(_ row: Recording) async throws {
        try await catalog.recordings.note(
            row.id,
            [
                "status": "recording",
                "started_at": row.properties["started_at"] ?? .string(DjangoTime.isoText(Date())),
                "interrupted_reason": nil,
            ])
        let channel = try await catalog.channels.find(row.channelID)?.name ?? ""
        await tell("recording_started", ["recording_id": .int(row.id), "channel": .string(channel)])
    }

    private func finish(_ row: Recording, _ ending: Recorder.End, _ context: TaskContext) async throws -> String {
        switch ending {
        case .deleted:
            await tell("recordings_refreshed")
            return "deleted"
        case .empty(let reason):
            try await end(row, "interrupted", ["interrupted_reason": .string(reason)])
            throw TaskFailure.builtin("RuntimeError", "Recording \(row.id) holds nothing: \(reason)")
        case .finished(let path, let bytes):
            let isStopped = try await catalog.recordings.find(row.id)?.status == "stopped"
            try await end(
                row, isStopped ? "stopped" : "completed",
                [
                    "file_path": .string(path), "file_name": .string((path as NSString).lastPathComponent),
                    "bytes_written": .int(bytes),
                ])
            if try await catalog.settings.values(of: .dvr)["comskip_enabled"]?.bool == true {
                try await queue.send(Self.comskipTask, args: [.int(row.id)])
            }
            return isStopped ? "stopped" : "completed"
        }
    }

    private func end(_ row: Recording, _ status: String, _ facts: JSONObject) async throws {
        let ended: JSONObject = ["status": .string(status), "ended_at": .string(DjangoTime.isoText(Date()))]
        try await catalog.recordings.note(row.id, ended.merging(facts))
        let channel = try await catalog.channels.find(row.channelID)?.name ?? ""
        await tell(
            "recording_ended",
            ["recording_id": .int(row.id), "channel": .string(channel), "status": .string(status)])
    }
}
