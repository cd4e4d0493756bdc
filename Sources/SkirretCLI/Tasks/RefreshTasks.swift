import API
import Catalog
import CeleryProtocol
import Ingest
import Logging
import Skirret

/// The heavy refresh tasks, under the names by which Dispatcharr's code calls them.
struct RefreshTasks: Sendable {
    let queue: TaskQueue
    let catalog: CatalogDatabase
    let events: EventBus

    private static let accountTask = "apps.m3u.tasks.refresh_single_m3u_account"
    private static let guideTask = "apps.epg.tasks.refresh_epg_data"

    var all: [RegisteredTask] { [accounts.registered, account.registered, guides.registered, guide.registered] }

    /// Queues a refresh of every active account.
    private var accounts: TaskDefinition<String> {
        TaskDefinition("apps.m3u.tasks.refresh_m3u_accounts") { () in
            let ids = try await catalog.m3uAccounts.refreshableIDs()
            for id in ids { try await queue.send(Self.accountTask, args: [.int(id)]) }
            return "Queued M3U refresh for \(ids.count) active account(s)."
        }
    }

    /// One account, whole or not at all; a second request while it runs returns at once.
    private var account: TaskDefinition<String, Int> {
        let options = TaskOptions(
            timeLimit: .seconds(3600),
            singleFlight: .init(
                name: { args, kwargs in "m3u:\((args.first ?? kwargs["account_id"] ?? .null).text)" },
                answer: { running in .string("Task already running for this account, as \(running).") }))
        return TaskDefinition(Self.accountTask, parameters: ["account_id"], options: options) {
            (context: TaskContext, id: Int) in
            let refresh = PlaylistRefresh(store: CatalogPlaylists(catalog: catalog), logger: context.logger)
            do {
                let began = ContinuousClock.now
                let report = try await refresh.run(account: id, progress: announcing(context))
                context.logger.info("\(report.message)")
                try await catalog.systemEvents.insert(
                    "m3u_refresh",
                    details: [
                        "account_id": .int(id),
                        "account_name": JSONValue(try await catalog.m3uAccounts.find(id)?.draft.name),
                        "elapsed_time": .double(began.duration(to: .now) / .seconds(1)),
                        "streams_created": .int(report.counts.created),
                        "streams_updated": .int(report.counts.updated), "streams_stale": .int(report.counts.stale),
                        "streams_deleted": .int(report.counts.deleted), "total_processed": .int(report.processed),
                    ])
                return "Dispatched jobs complete."
            } catch let error as Ingest.RefreshError where error.isNoWork {
                return error.message
            } catch let error as Ingest.RefreshError {
                throw error.failure
            }
        }
    }

    /// Every active source, one after another.
    private var guides: TaskDefinition<String> {
        TaskDefinition("apps.epg.tasks.refresh_all_epg_data") { (context: TaskContext) in
            for id in try await catalog.epgSources.refreshableIDs() {
                if let other = try await context.reserve(Self.guard(of: id)) {
                    context.logger.info("a source is being refreshed already", metadata: ["task": "\(other)"])
                    continue
                }
                do {
                    try await refreshGuide(id, context)
                } catch let error as TaskFailure {
                    // One source's trouble is on that source; the others get their turn.
                    context.logger.warning("a source could not be refreshed", metadata: ["error": "\(error)"])
                } catch let error as Ingest.RefreshError {
                    // Switched off since the list was made.
                    context.logger.info("a source was left out", metadata: ["reason": "\(error)"])
                }
            }
            return "EPG data refreshed."
        }
    }

    /// One source, whole or not at all; a second request while it runs returns at once.
    private var guide: TaskDefinition<String?, Int, Bool?> {
        let options = TaskOptions(
            timeLimit: .seconds(14_400),
            singleFlight: .init(
                name: { args, kwargs in Self.guard(of: (args.first ?? kwargs["source_id"])?.int ?? 0) },
                answer: { running in .string("Task already running for this source, as \(running).") }))
        return TaskDefinition(Self.guideTask, parameters: ["source_id", "force"], options: options) {
            (context: TaskContext, id: Int, _: Bool?) in
            do {
                try await refreshGuide(id, context)
                return nil
            } catch let error as Ingest.RefreshError where error.isNoWork {
                return error.message
            }
        }
    }

    private static func `guard`(of source: Int) -> String { "epg:\(source)" }

    private func refreshGuide(_ id: Int, _ context: TaskContext) async throws {
        let refresh = Ingest.GuideRefresh(store: CatalogGuides(catalog: catalog), logger: context.logger)
        do {
            let report = try await refresh.run(source: id, progress: announcing(context))
            context.logger.info("\(report.message)")
            try await catalog.systemEvents.insert(
                "epg_refresh",
                details: [
                    "source_id": .int(id),
                    "source_name": JSONValue(try await catalog.epgSources.find(id)?.draft.name),
                    "programs": .int(report.programmes), "channels": .int(report.channels),
                    "skipped_programs": .int(report.skippedProgrammes),
                    "unmapped_channels": .int(report.unmappedChannels),
                ])
        } catch let error as Ingest.RefreshError where !error.isNoWork {
            throw error.failure
        }
    }

    /// Progress goes to the browsers, and to whoever asks for the task.
    private func announcing(_ context: TaskContext) -> RefreshProgress {
        { [events] data in
            // Progress is a courtesy: a broker that is away for a moment must not fail the work.
            try? await events.publish(data)
            let message = data["message"]?.string ?? data["action"]?.string ?? ""
            await context.progress(data["progress"]?.double ?? 0, message)
        }
    }
}

extension Ingest.RefreshError {
    /// Whether there was nothing to do: the source is gone, off, or of a kind without a file.
    ///
    /// No failure then, as a schedule may fire once more after somebody switched its source off.
    fileprivate var isNoWork: Bool { code == .notFound || code == .notRefreshable }

    /// What a caller of the task sees.
    var failure: TaskFailure {
        TaskFailure(
            excType: "RefreshError", excMessage: [.string(message)], excModule: "skirret.ingest", traceback: nil)
    }
}
