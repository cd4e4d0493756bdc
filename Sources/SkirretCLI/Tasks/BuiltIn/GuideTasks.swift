import API
import Catalog
import CeleryProtocol
import Dispatch
import Foundation
import Ingest
import Skirret

/// Guides beside their refresh.
extension DispatcharrTasks {
    var guideTasks: [RegisteredTask] { [programmes.registered, programmeIndex.registered] }

    /// The programmes of one guide channel, after a channel was mapped to it.
    ///
    /// A guide comes as one stream and is kept nowhere, so this reads the whole source again, once: it brings the
    /// programmes of all channels that are mapped by then, and the tasks of the others find theirs and end at once.
    private var programmes: TaskDefinition<String, Int, Bool?, Int?> {
        let options = TaskOptions(
            retry: .deferring(atMost: 480), timeLimit: .seconds(3500), hardTimeLimit: .seconds(3600))
        return TaskDefinition(
            Self.programmesTask, parameters: ["epg_id", "force", "_defer_retry"], options: options
        ) { (context: TaskContext, id: Int, force: Bool?, _: Int?) in
            guard let guide = try await catalog.epgSources.guideChannel(id) else {
                return "EPGData \(id) was not found; it may have been deleted meanwhile."
            }
            guard guide.kind == .xmltv, guide.isSourceActive else {
                return "EPG source \(guide.sourceID) is inactive or not read from a file; nothing to parse."
            }
            guard guide.isMapped else { return "No channels are mapped to \(guide.tvgID); nothing to parse." }
            if let mapped = guide.mappedAt, Date().timeIntervalSince(mapped) < Self.mappingPause.seconds {
                throw context.retry(
                    after: Self.mappingPause,
                    because: TaskFailure.builtin("TimeoutError", "more channels may be mapped in this moment"))
            }
            if let other = try await context.reserve("epg:\(guide.sourceID)") {
                throw context.retry(
                    after: .seconds(15),
                    because: TaskFailure.builtin("TimeoutError", "the source is busy with \(other)"))
            }
            // The refresh that kept this one waiting, or a sibling, may have read it.
            let known = try await catalog.epgSources.guideChannel(id) ?? guide
            let isKnown = known.hasProgrammes || Self.wasReadSinceMapping(known)
            if isKnown, force != true { return "Programs of \(guide.tvgID) are loaded already." }
            let refresh = Ingest.GuideRefresh(store: CatalogGuides(catalog: catalog), logger: context.logger)
            do {
                let report = try await refresh.run(source: guide.sourceID) { data in
                    try? await events.publish(data)  // progress is a courtesy
                    await context.progress(data["progress"]?.double ?? 0, data["message"]?.string ?? "")
                }
                return report.message
            } catch let error as Ingest.RefreshError where error.isReported {
                throw error.failure
            }
        }
    }

    /// How long after its mapping a channel is looked at.
    ///
    /// Channels are mapped by the hundred, and one reading that knows them all is enough. Whoever refreshes the source
    /// himself after mapping comes first, and gets the whole guide.
    private static let mappingPause = Duration.seconds(3)

    /// Whether the source was read after the mapping; then it has nothing for this channel.
    ///
    /// A refresh that began before and ended after is not that; the minute allows for it.
    private static func wasReadSinceMapping(_ guide: GuideChannelRow) -> Bool {
        guard let read = guide.refreshedAt, let mapped = guide.mappedAt else { return false }
        return read.timeIntervalSince(mapped) > 60
    }

    private var programmeIndex: TaskDefinition<String, Int> {
        TaskDefinition("apps.epg.tasks.build_programme_index_task", parameters: ["source_id"]) { (id: Int) in
            guard let source = try await catalog.epgSources.find(id) else { return "EPG source \(id) was not found." }
            guard let path = source.draft.filePath, !path.isEmpty, path.lowercased().hasSuffix(".xml"),
                FileManager.default.fileExists(atPath: path)
            else {
                try await catalog.epgSources.setIndex(id, nil)
                return "EPG source \(id) has no uncompressed file here; what is read as a stream needs no index."
            }
            let index = try await withCheckedThrowingContinuation { continuation in
                DispatchQueue.global().async {
                    continuation.resume(with: Result { try ProgrammeIndex.read(path).json })
                }
            }
            try await catalog.epgSources.setIndex(id, index.text)
            return "Indexed \(index["channels"]?.object?.count ?? 0) channels of EPG source \(id)."
        }
    }
}
