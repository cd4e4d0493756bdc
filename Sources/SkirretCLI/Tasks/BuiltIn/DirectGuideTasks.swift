import API
import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Logging
import Skirret

/// Schedules Direct beside the refresh of whole sources.
extension DispatcharrTasks {
    var schedulesDirectTasks: [RegisteredTask] { [stations.registered, mappedGuides.registered, oneGuide.registered] }

    /// What keeps two from asking about one source: the service counts questions.
    private static let patience = RetryPolicy.deferring(atMost: 2)
    private static let pause = Duration.seconds(90)

    /// The stations of a new source, so that they can be mapped before there is a guide.
    private var stations: TaskDefinition<String?, Int> {
        let options = TaskOptions(retry: Self.patience, timeLimit: .seconds(3500), hardTimeLimit: .seconds(3600))
        return TaskDefinition(
            "apps.epg.tasks.fetch_schedules_direct_stations", parameters: ["source_id"], options: options
        ) { (context: TaskContext, id: Int) in try await direct(id, .stations, context) }
    }

    /// The guides of all stations that somebody shows.
    private var mappedGuides: TaskDefinition<String?, Int, Bool?, Int?> {
        let options = TaskOptions(retry: Self.patience, timeLimit: .seconds(3500), hardTimeLimit: .seconds(3600))
        return TaskDefinition(
            "apps.epg.tasks.fetch_sd_mapped_guide_batch", parameters: ["source_id", "force", "_defer_retry"],
            options: options
        ) { (context: TaskContext, id: Int, _: Bool?, _: Int?) in try await direct(id, .mapped, context) }
    }

    /// The guide of one station, after a channel was mapped to it.
    private var oneGuide: TaskDefinition<String?, Int, Bool?, Int?> {
        let options = TaskOptions(retry: Self.patience, timeLimit: .seconds(3500), hardTimeLimit: .seconds(3600))
        return TaskDefinition(
            Self.directGuideTask, parameters: ["epg_id", "force", "_defer_retry"], options: options
        ) { (context: TaskContext, id: Int, force: Bool?, _: Int?) in
            guard let guide = try await catalog.epgSources.guideChannel(id), guide.kind == .schedulesDirect else {
                return "Not a Schedules Direct EPG entry"
            }
            guard force == true || !guide.hasProgrammes else { return "Guide data already present" }
            return try await direct(guide.sourceID, .guide(id), context)
        }
    }

    private func direct(_ id: Int, _ scope: DirectRefresh.Scope, _ context: TaskContext) async throws -> String? {
        if let other = try await context.reserve("epg:\(id)") {
            throw context.retry(
                after: Self.pause,
                because: TaskFailure.builtin("TimeoutError", "the source is busy with \(other)"))
        }
        let refresh = DirectRefresh(store: CatalogDirect(catalog: catalog), logger: context.logger)
        do {
            let report = try await refresh.run(source: id, scope) { data in
                try? await events.publish(data)  // progress is a courtesy
                await context.progress(data["progress"]?.double ?? 0, data["message"]?.string ?? "")
            }
            return report.message
        } catch let error as Ingest.RefreshError where error.isReported {
            throw error.failure
        }
    }
}
