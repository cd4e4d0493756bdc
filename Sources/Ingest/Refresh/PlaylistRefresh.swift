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
        /// Entries staged at a time.
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
        /// What was wrong with the file.
        public let problems: ParseProblems
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
            try await refresh(account, events)
        }
    }

    private func refresh(_ account: PlaylistAccount, _ events: RefreshEvents) async throws -> Report {
        guard let source = account.source else {
            throw RefreshError(code: .download, message: PlaylistMessages.noSource)
        }
        let start = ContinuousClock.now
        let scanStart = Date()
        let filters = try FilterChain(account.filters)
        try await store.report(.fetching, "Starting refresh", account: account.id)
        let staging = try await store.beginPlaylist(account: account.id)
        return try await discarding(staging.discard) {
            let reader = PlaylistReader(account, filters: filters, limits: options, checksContent: source.isWeb)
            let intake = PlaylistIntake(reader, into: staging, batchSize: options.batchSize)
            try await fetch(source, account, into: intake, events)
            let groups = try await intake.finish()
            let processed = await intake.staged
            let facts = await intake.facts
            guard processed + facts.filtered > 0 else {
                throw RefreshError(code: .content, message: PlaylistMessages.noStreams)
            }
            try await announce(processed, groups: groups.count, account, events)
            try Task.checkCancellation()
            let counts = try await staging.commit(groups: groups, scanStart: scanStart)
            let seconds = start.duration(to: .now) / .seconds(1)
            let report = Report(
                counts: counts, processed: processed, filtered: facts.filtered, problems: facts.problems,
                message: PlaylistMessages.finished(
                    counts, total: processed, seconds: seconds, suspended: facts.suspended))
            try await finish(report, seconds, account, events)
            return report
        }
    }

    private func fetch(
        _ source: IngestSource, _ account: PlaylistAccount, into intake: PlaylistIntake, _ events: RefreshEvents
    ) async throws {
        var download = options.download
        if let userAgent = account.userAgent { download.userAgent = userAgent }
        let store = store
        let action = source.isWeb ? "downloading" : "parsing"
        await events.send(action, 0, .fetching)
        let last = try await Download(options: download, logger: logger).run(source) { progress in
            let message = PlaylistMessages.downloading(progress)
            try await store.report(.fetching, message, account: account.id)
            var fields = progress.eventFields
            fields["streams_processed"] = .int(await intake.staged)
            fields["message"] = .string(message)
            // 100 is the end of an action, and this one goes on.
            await events.send(action, min(progress.percent, 99.9), .fetching, fields)
        } receive: {
            try await intake.take($0)
        }
        guard source.isWeb else { return }
        let message = PlaylistMessages.downloaded(last)
        try await store.report(.fetching, message, account: account.id)
        await events.send(action, 100, .fetching, last.eventFields.merging(["message": .string(message)]))
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
                "channels_created": 0, "channels_updated": 0, "channels_deleted": 0, "channels_failed": 0,
                "failed_stream_details": [],
            ])
    }

    private func explain(_ error: any Error, _ account: PlaylistAccount) -> RefreshError {
        let source = account.source ?? .web("")
        switch error {
        case let error as RefreshError: return error
        case let error as DownloadError:
            return RefreshError(code: .download, message: PlaylistMessages.failure(error, source))
        case let error as ContentFault:
            return RefreshError(code: .content, message: PlaylistMessages.fault(error.fault, source))
        case let error as DecompressionError: return RefreshError(code: .content, message: error.message)
        default: return RefreshError(code: .store, message: "\(PlaylistMessages.unfinished): \(error)")
        }
    }
}
