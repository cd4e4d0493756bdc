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
            if context.retries > 0, try await catalog.m3uAccounts.find(id)?.status == .success {
                return RefreshBackOff.notNeeded
            }
            try await Self.awaitGroups(of: id, context)
            do {
                let began = ContinuousClock.now
                let report = try await refresh.run(account: id, progress: announcing(context))
                context.logger.info("\(report.message)")
                try await conclude(report, of: id, took: began.duration(to: .now))
                return "Dispatched jobs complete."
            } catch let error as Ingest.RefreshError where error.isNoWork {
                return error.message
            } catch let error as Ingest.RefreshError where error.isReported {
                guard let pause = RefreshBackOff.pause(after: error, context) else { throw error.failure }
                try await catalog.m3uAccounts.report(id, message: RefreshBackOff.message(error, pause))
                throw context.retry(after: pause, because: error.failure)
            }
        }
    }

    /// What only one reading of an account's groups may hold; a refresh, which reads them too, holds it besides its own.
    static func groupsFlight(_ account: String) -> String { "m3u-groups:\(account)" }

    /// Waits until nobody else reads the account's groups: those of a new account are read at once, and a refresh that
    /// somebody asks for a moment later must neither be lost nor open a second connection to the provider.
    private static func awaitGroups(of id: Int, _ context: TaskContext) async throws {
        while try await context.reserve(groupsFlight(String(id))) != nil {
            try context.checkCancellation()
            try await ContinuousClock().sleep(for: .milliseconds(250))
        }
    }

    /// What follows a refresh: the log, guides of channels that it made, films and series.
    private func conclude(_ report: PlaylistRefresh.Report, of id: Int, took duration: Duration) async throws {
        let draft = try await catalog.m3uAccounts.find(id)?.draft
        try await catalog.systemEvents.insert(
            "m3u_refresh",
            details: [
                "account_id": .int(id), "account_name": JSONValue(draft?.name),
                "elapsed_time": .double(duration / .seconds(1)), "streams_created": .int(report.counts.created),
                "streams_updated": .int(report.counts.updated), "streams_stale": .int(report.counts.stale),
                "streams_deleted": .int(report.counts.deleted), "total_processed": .int(report.processed),
            ])
        if let sync = report.sync {
            try await queue.readProgrammes(of: sync.guidesWithoutProgrammes, in: catalog)
            if sync.created + sync.updated + sync.deleted > 0 {
                // As the task of its own tells it: pages that show channels read them again.
                try? await events.publish([
                    "type": "epg_channels", "refresh_channels": true,
                    "message": .string("Auto-sync: \(sync.created) channel(s) created"),
                ])
            }
        }
        if draft?.kind == .xtream, draft?.customProperties["enable_vod"]?.bool == true {
            try await queue.send(DispatcharrTasks.libraryTask, args: [.int(id)])
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
                } catch let error as Ingest.RefreshError where error.isNoWork {
                    // Switched off since the list was made.
                    context.logger.info("a source was left out", metadata: ["reason": "\(error)"])
                } catch let error as Ingest.RefreshError where error.isReported {
                    // One source's trouble is on that source; the others get their turn.
                    context.logger.warning("a source could not be refreshed", metadata: ["error": "\(error)"])
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
            (context: TaskContext, id: Int, force: Bool?) in
            if context.retries > 0, try await catalog.epgSources.find(id)?.status == .success {
                return RefreshBackOff.notNeeded
            }
            do {
                try await refreshGuide(id, context, force: force ?? false)
                return nil
            } catch let error as Ingest.RefreshError where error.isNoWork {
                return error.message
            } catch let error as Ingest.RefreshError where error.isReported {
                guard let pause = RefreshBackOff.pause(after: error, context) else { throw error.failure }
                try await catalog.epgSources.report(id, message: RefreshBackOff.message(error, pause))
                throw context.retry(after: pause, because: error.failure)
            }
        }
    }

    private static func `guard`(of source: Int) -> String { "epg:\(source)" }

    private func refreshGuide(_ id: Int, _ context: TaskContext, force: Bool = false) async throws {
        if try await catalog.epgSources.find(id)?.draft.kind == .schedulesDirect {
            return try await refreshDirect(id, context, force: force)
        }
        let refresh = Ingest.GuideRefresh(store: CatalogGuides(catalog: catalog), logger: context.logger)
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
        try await queue.readProgrammes(of: report.counts.mappedMeanwhile, in: catalog)
        let rules = try await catalog.settings.values(of: .dvr)["series_rules"]?.array ?? []
        if !report.isUnchanged, !rules.isEmpty {
            try await queue.send("apps.channels.tasks.evaluate_series_rules")
        }
    }

    private func refreshDirect(_ id: Int, _ context: TaskContext, force: Bool) async throws {
        let refresh = DirectRefresh(store: CatalogDirect(catalog: catalog), logger: context.logger)
        let report = try await refresh.run(source: id, .everything(force: force), progress: announcing(context))
        context.logger.info("\(report.message)")
        guard report.programmes > 0 else { return }
        try await catalog.systemEvents.insert(
            "epg_refresh",
            details: [
                "source_id": .int(id),
                "source_name": JSONValue(try await catalog.epgSources.find(id)?.draft.name),
                "programs": .int(report.programmes), "channels": .int(report.mapped), "skipped_programs": 0,
            ])
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
