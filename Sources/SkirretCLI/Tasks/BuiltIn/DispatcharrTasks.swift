import API
import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Logging
import Skirret

/// Dispatcharr's tasks beside the refreshes, with the names, arguments, answers and messages that its plugins know.
///
/// `Tests/Plugins/test_tasks.py` holds the list.
/// Thin: what a task does to tables is a function of `Catalog`, what it fetches one of `Ingest`.
struct DispatcharrTasks: Sendable {
    let queue: TaskQueue
    let catalog: CatalogDatabase
    let events: EventBus
    /// Where `m3us`, `epgs`, `logos`, `recordings` and `backups` are.
    let data: URL

    var all: [RegisteredTask] {
        playlistTasks + guideTasks + channelTasks + matchingTasks + recordingTasks + recorderTasks + libraryTasks
            + housekeepingTasks + backupTasks + directTasks
    }

    // MARK: - What they share

    /// Tells the browsers.
    ///
    /// A courtesy: a broker that is away for a moment must not fail the work.
    func tell(_ type: String, _ data: JSONObject = [:]) async {
        try? await events.publish(JSONObject([(key: "type", value: JSONValue.string(type))]).merging(data))
    }

    /// Runs work that says how far it is from a thread where nobody can wait; only the newest word is passed on.
    func telling<Output: Sendable>(
        _ type: String, _ work: @Sendable (_ say: @escaping @Sendable (JSONObject) -> Void) async throws -> Output
    ) async throws -> Output {
        let (words, speaker) = AsyncStream.makeStream(of: JSONObject.self, bufferingPolicy: .bufferingNewest(1))
        async let listening: Void = {
            for await word in words { await tell(type, word) }
        }()
        do {
            let output = try await work { speaker.yield($0) }
            speaker.finish()
            await listening
            return output
        } catch {
            speaker.finish()
            await listening
            throw error
        }
    }

    static let programmesTask = "apps.epg.tasks.parse_programs_for_tvg_id"
    static let directGuideTask = "apps.epg.tasks.fetch_sd_guide_for_epg"
}

extension TaskQueue {
    /// Has programmes read for guide channels that are shown for the first time, each by its source's own task.
    func readProgrammes(of guides: [Int], in catalog: CatalogDatabase) async throws {
        for id in guides {
            guard let guide = try await catalog.epgSources.guideChannel(id) else { continue }
            switch guide.kind {
            case .xmltv: try await send(DispatcharrTasks.programmesTask, args: [.int(id)])
            case .schedulesDirect: try await send(DispatcharrTasks.directGuideTask, args: [.int(id)])
            case .dummy: break
            }
        }
    }
}

extension RetryPolicy {
    /// Failures are final; a task that finds somebody else at work may ask to come again, so often.
    static func deferring(atMost times: Int) -> RetryPolicy {
        .constant(.seconds(15), maximum: times).only { _ in false }
    }
}
