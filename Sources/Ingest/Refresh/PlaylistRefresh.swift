import CeleryProtocol
import FoundationEssentials
public import Logging

/// Refreshes one playlist account: fetch, parse, filter and stage as one stream, then swap.
///
///     fetching ──▶ parsing ──▶ success
///         └───────────┴──────▶ error      what was there before stays
///
/// Nothing is seen before the store's commit; a refresh that fails, is cancelled or dies changes nothing but the
/// status. Whether a second refresh of the account may run meanwhile is the caller's matter.
public struct PlaylistRefresh: Sendable {
    /// What one refresh may cost.
    public struct Options: Sendable {
        /// How the file is fetched.
        public var download = Download.Options()
        /// What it may become when it is decompressed.
        public var decompression = Decompressor.Limits()
        /// What its lines and entries may be.
        public var parsing = PlaylistParser.Limits()
        /// Entries staged at a time, at least; less than twice as many.
        public var batchSize = 1500

        /// The defaults.
        public init() {}
    }

    /// What a refresh did.
    public struct Report: Sendable, Equatable {
        /// What changed in the store.
        public let counts: PlaylistCounts
        /// Entries that were staged.
        public let processed: Int
        /// Entries that the account's filters dropped.
        public let filtered: Int
        /// Whether the file was the one of the last refresh, and was not read again.
        public let isUnchanged: Bool
        /// What was wrong with the file.
        public let problems: ParseProblems
        /// What became of the channels that follow the account's groups; nil when that failed.
        public let sync: ChannelSync?
        /// The account's `last_message`.
        public let message: String
    }

    private let store: any PlaylistStore
    private let options: Options
    private let logger: Logger

    /// A refresher for the accounts of a store.
    public init(store: any PlaylistStore, options: Options = Options(), logger: Logger) {
        self.store = store
        self.options = options
        self.logger = logger
    }

    /// Refreshes one account; `progress` gets the `data` of each `m3u_refresh` event.
    ///
    /// - Throws: `RefreshError`, after it has been written to the account; `CancellationError`, after the status was
    ///   set to `error`.
    public func run(account id: Int, progress: @escaping RefreshProgress) async throws -> Report {
        guard let account = try await store.playlistAccount(id) else {
            throw RefreshError(code: .notFound, message: "There is no M3U account \(id).")
        }
        guard account.isActive else {
            throw RefreshError(code: .notRefreshable, message: "M3U account \(id) is not active.")
        }
        let events = RefreshEvents(type: "m3u_refresh", ownerKey: "account", owner: id, send: progress)
        let failures = RefreshFailures(logger: logger, events: events, action: "parsing") { [store] in
            try await store.report(.error, $0, account: id)
        }
        return try await failures.reporting({ explain($0, account) }) {
            let run = try Run(account: account, filters: FilterChain(account.filters), events: events)
            try await store.report(.fetching, "Starting refresh", account: account.id)
            let staging = try await store.beginPlaylist(account: account.id, fingerprint: account.fingerprint)
            return try await discarding(staging.discard) {
                guard let fields = account.xtream else { return try await refresh(run, into: staging) }
                return try await refreshXtream(XtreamLogin(fields), run, into: staging)
            }
        }
    }

    /// One refresh, from its beginning.
    struct Run {
        let account: PlaylistAccount
        let filters: FilterChain
        let events: RefreshEvents
        let start = ContinuousClock.now
        let scanStart = Date()
    }

    private func refresh(_ run: Run, into staging: any PlaylistStaging) async throws -> Report {
        guard let source = run.account.source else {
            throw RefreshError(code: .download, message: PlaylistMessages.noSource)
        }
        let reader = PlaylistReader(run.account, filters: run.filters, limits: options, checksContent: source.isWeb)
        let intake = PlaylistIntake(reader, into: staging, batchSize: options.batchSize)
        let receipt = try await fetch(source, unless: staging.known, into: intake, run)
        guard let known = staging.known, receipt.repeats(known.version) else {
            let result = try await store(receipt.fullVersion, from: intake, into: staging, run)
            return try await conclude(result, isUnchanged: false, run)
        }
        if !receipt.isUnchanged { _ = try await intake.finish() }
        let file = KnownFile(version: receipt.fullVersion ?? known.version, facts: known.facts)
        return try await conclude(try await confirm(file, staging, run), isUnchanged: true, run)
    }

    /// Live streams of an Xtream Codes server: who asks, which categories there are, then all streams as one answer.
    private func refreshXtream(
        _ login: XtreamLogin, _ run: Run, into staging: any PlaylistStaging
    ) async throws -> Report {
        let server = XtreamServer(login: login, options: downloadOptions(run.account), logger: logger)
        await run.events.send("downloading", 0, .fetching, ["message": "Authenticating with XC server..."])
        try await store.save(try await server.account(), account: run.account.id)
        let categories = try await server.liveCategories()
        let reader = XtreamReader(run.account, login, categories: categories, filters: run.filters, limits: options)
        let intake = PlaylistIntake(reader, into: staging, batchSize: options.batchSize)
        do {
            _ = try await fetch(.web(login.address(action: "get_live_streams")), unless: nil, into: intake, run)
        } catch let error as DownloadError {
            throw RefreshError(
                code: .download, message: "Failed to get streams from XC server: \(error.detail)",
                isTransient: error.isTransient)
        }
        return try await conclude(try await store(nil, from: intake, into: staging, run), isUnchanged: false, run)
    }

    private func conclude(_ result: Result, isUnchanged: Bool, _ run: Run) async throws -> Report {
        let (sync, syncMessage) = try await syncChannels(run.account)
        let seconds = run.start.duration(to: .now) / .seconds(1)
        let report = Report(
            counts: result.counts, processed: result.processed, filtered: result.filtered, isUnchanged: isUnchanged,
            problems: result.problems, sync: sync,
            message: PlaylistMessages.finished(
                result.counts, total: result.processed, seconds: seconds, suspended: result.suspended) + syncMessage)
        try await finish(report, seconds, run.account, run.events)
        return report
    }

    /// The channels that follow the account's groups.
    ///
    /// The streams are there by now, so what goes wrong here is said and does not undo them.
    private func syncChannels(_ account: PlaylistAccount) async throws -> (ChannelSync?, message: String) {
        do {
            let sync = try await store.syncChannels(account: account.id)
            return (sync, PlaylistMessages.synced(sync))
        } catch {
            try Task.checkCancellation()
            logger.error("channels were not synced", metadata: ["account": "\(account.id)", "error": "\(error)"])
            return (nil, " Auto-sync error: \(error).")
        }
    }

    /// What became of a file.
    private struct Result {
        var counts: PlaylistCounts
        var processed: Int
        var filtered: Int
        var suspended: [String] = []
        var problems = ParseProblems()
    }

    /// The file is new: what was staged takes the place of what was there.
    private func store<Reader>(
        _ version: FileVersion?, from intake: PlaylistIntake<Reader>, into staging: any PlaylistStaging, _ run: Run
    ) async throws -> Result {
        let groups = try await intake.finish()
        let processed = await intake.staged
        let facts = await intake.facts
        guard processed + facts.filtered > 0 else {
            let message = run.account.xtream != nil ? PlaylistMessages.noXtreamStreams : PlaylistMessages.noStreams
            throw RefreshError(code: .content, message: message)
        }
        try await announce(processed, groups: groups.count, run.account, run.events)
        try Task.checkCancellation()
        // A filter that was suspended may do its work the next time.
        let file = (facts.suspended.isEmpty ? version : nil).map {
            KnownFile(
                version: $0,
                facts: [
                    "processed": .int(processed), "filtered": .int(facts.filtered), "groups": .int(groups.count),
                ])
        }
        return Result(
            counts: try await staging.commit(groups: groups, scanStart: run.scanStart, file: file),
            processed: processed, filtered: facts.filtered, suspended: facts.suspended, problems: facts.problems)
    }

    /// The file is the one that is there already: its streams have been seen again, and that is all.
    private func confirm(_ known: KnownFile, _ staging: any PlaylistStaging, _ run: Run) async throws -> Result {
        let processed = known.facts["processed"]?.int ?? 0
        try await announce(processed, groups: known.facts["groups"]?.int ?? 0, run.account, run.events)
        return Result(
            counts: try await staging.confirm(scanStart: run.scanStart, file: known), processed: processed,
            filtered: known.facts["filtered"]?.int ?? 0)
    }

    private func downloadOptions(_ account: PlaylistAccount) -> Download.Options {
        var download = options.download
        if let userAgent = account.userAgent { download.userAgent = userAgent }
        return download
    }

    private func fetch<Reader>(
        _ source: IngestSource, unless known: KnownFile?, into intake: PlaylistIntake<Reader>, _ run: Run
    ) async throws -> Download.Receipt {
        let (account, events, store) = (run.account.id, run.events, store)
        let action = source.isWeb ? "downloading" : "parsing"
        await events.send(action, 0, .fetching)
        let downloader = Download(options: downloadOptions(run.account), logger: logger)
        let receipt = try await downloader.run(source, unless: known?.version) { progress in
            let message = PlaylistMessages.downloading(progress)
            try await store.report(.fetching, message, account: account)
            var fields = progress.eventFields
            fields["streams_processed"] = .int(await intake.staged)
            fields["message"] = .string(message)
            // 100 is the end of an action, and this one goes on.
            await events.send(action, min(progress.percent, 99.9), .fetching, fields)
        } receive: {
            try await intake.take($0)
        }
        guard source.isWeb else { return receipt }
        let message = receipt.isUnchanged ? RefreshMessages.unchanged : PlaylistMessages.downloaded(receipt.progress)
        try await store.report(.fetching, message, account: account)
        await events.send(action, 100, .fetching, receipt.progress.eventFields.merging(["message": .string(message)]))
        return receipt
    }

    private func announce(
        _ processed: Int, groups: Int, _ account: PlaylistAccount, _ events: RefreshEvents
    ) async throws {
        try await store.report(
            .parsing, "Processing \(processed) streams in \(groups) groups", account: account.id)
        await events.send("processing_groups", 0, .parsing)
        await events.send("processing_groups", 100, .parsing, ["groups": .int(groups)])
        await events.send("parsing", 0, .parsing, ["streams_processed": .int(processed)])
    }

    private func finish(
        _ report: Report, _ seconds: Double, _ account: PlaylistAccount, _ events: RefreshEvents
    ) async throws {
        if report.problems.total > 0 {
            logger.info(
                "playlist has faults",
                metadata: ["account": "\(account.id)", "problems": "\(report.problems.summary)"])
        }
        try await store.report(.success, report.message, account: account.id)
        await events.send(
            "parsing", 100, .success,
            [
                "message": .string(report.message), "elapsed_time": .double(seconds.rounded(toPlaces: 1)),
                "time_remaining": 0, "streams_processed": .int(report.processed),
                "streams_created": .int(report.counts.created), "streams_updated": .int(report.counts.updated),
                "streams_stale": .int(report.counts.stale), "streams_deleted": .int(report.counts.deleted),
                "channels_created": .int(report.sync?.created ?? 0),
                "channels_updated": .int(report.sync?.updated ?? 0),
                "channels_deleted": .int(report.sync?.deleted ?? 0),
                "channels_failed": .int(report.sync?.failures.count ?? 0),
                "failed_stream_details": .array(report.sync?.failures ?? []),
            ])
    }

    private func explain(_ error: any Error, _ account: PlaylistAccount) -> RefreshError {
        let source = account.source ?? .web("")
        switch error {
        case let error as RefreshError: return error
        case let error as DownloadError:
            return RefreshError(
                code: .download, message: PlaylistMessages.failure(error, source), isTransient: error.isTransient)
        case let error as ContentFault:
            return RefreshError(code: .content, message: PlaylistMessages.fault(error.fault, source))
        case let error as DecompressionError: return RefreshError(code: .content, message: error.message)
        default: return RefreshError(code: .store, message: "\(PlaylistMessages.unfinished): \(error)")
        }
    }
}
