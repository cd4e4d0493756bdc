import CeleryProtocol
import FoundationEssentials
public import Logging

/// Refreshes the films and series of one Xtream Codes account: categories, then both lists, each as one answer.
///
/// Streamed and staged as playlists are; nothing is seen before the store's commit. Whether a second refresh of the
/// account may run meanwhile is the caller's matter.
public struct LibraryRefresh: Sendable {
    /// What a refresh did.
    public struct Report: Sendable, Equatable {
        /// Films that the account offers now.
        public let movies: Int
        /// Series that the account offers now.
        public let series: Int
        /// Elements of the lists that are no films or series.
        public let problems: ParseProblems
        /// How long it took.
        public let seconds: Double
    }

    private let store: any LibraryStore
    private let options: Download.Options
    private let batchSize = 1000
    private let logger: Logger

    /// A refresher for the accounts of a store.
    public init(store: any LibraryStore, options: Download.Options = .init(), logger: Logger) {
        self.store = store
        self.options = options
        self.logger = logger
    }

    /// Refreshes one account; `progress` gets the `data` of each `m3u_refresh` event, whose action is `vod_refresh`.
    ///
    /// - Throws: `RefreshError`, or `CancellationError`; what was there before is there still.
    public func run(_ account: PlaylistAccount, progress: @escaping RefreshProgress) async throws -> Report {
        let begin = ContinuousClock.now
        let events = LibraryEvents(account: account.id, send: progress)
        await events.send(0, "processing")
        do {
            let report = try await refresh(account, events, since: begin)
            await events.send(
                100, "success", "VOD refresh completed in \(twoDecimals(report.seconds)) seconds")
            return report
        } catch {
            let explained = Self.explain(error)
            let message = "VOD refresh failed: \(explained?.message ?? PlaylistMessages.unfinished)"
            await shielded { await events.send(100, "error", message) }
            if let explained {
                throw RefreshError(code: explained.code, message: message, isTransient: explained.isTransient)
            }
            throw error
        }
    }

    private func refresh(
        _ account: PlaylistAccount, _ events: LibraryEvents, since begin: ContinuousClock.Instant
    ) async throws -> Report {
        let server = try server(of: account)
        let staging = try await store.beginLibrary(account: account.id)
        return try await discarding(staging.discard) {
            _ = try await server.account()
            var categories: [LibraryKind: [LibraryCategory]] = [:]
            for kind in LibraryKind.allCases {
                let found = try await server.categories(of: kind)
                // Nothing where there was something: people's choices of categories would be lost with them.
                if found.isEmpty, try await store.hasCategories(of: kind, account: account.id) {
                    throw RefreshError(
                        code: .content,
                        message: "Provider returned no VOD categories for account \(account.name); "
                            + "aborting VOD refresh to preserve existing category selections")
                }
                categories[kind] = found
            }
            await events.send(10, "processing", "Reading films and series")
            var counts: [LibraryKind: Int] = [:]
            var problems = ParseProblems()
            for (kind, share) in [(LibraryKind.movie, 10.0), (.series, 50)] {
                let intake = LibraryIntake(kind, into: staging, batchSize: batchSize)
                try await server.stream(kind.listAction) { piece in
                    try await intake.take(piece.bytes)
                    await events.send(share + 35 * min(piece.progress, 1), "processing", nil)
                }
                try await intake.finish()
                counts[kind] = await intake.count
                problems.merge(await intake.problems)
            }
            try Task.checkCancellation()
            await events.send(90, "processing", "Writing films and series")
            try await staging.commit(categories: categories, scanStart: Date())
            return Report(
                movies: counts[.movie] ?? 0, series: counts[.series] ?? 0, problems: problems,
                seconds: begin.duration(to: .now) / .seconds(1))
        }
    }

    /// What the server tells about one film; nil when it knows nothing of it.
    public func details(ofMovie id: String, _ account: PlaylistAccount) async throws -> MovieDetails? {
        try await explaining { MovieDetails(try await server(of: account).details("get_vod_info", "vod_id", id)) }
    }

    /// What the server tells about one series, with its episodes.
    public func details(ofSeries id: String, _ account: PlaylistAccount) async throws -> SeriesDetails {
        try await explaining {
            SeriesDetails(try await server(of: account).details("get_series_info", "series_id", id))
        }
    }

    private func server(of account: PlaylistAccount) throws -> XtreamServer {
        guard let fields = account.xtream else {
            throw RefreshError(
                code: .notRefreshable,
                message: "\(account.name) is no Xtream Codes account; only they have films and series.")
        }
        var options = options
        if let userAgent = account.userAgent { options.userAgent = userAgent }
        return XtreamServer(login: try XtreamLogin(fields), options: options, logger: logger)
    }

    private func explaining<Output>(_ body: () async throws -> Output) async throws -> Output {
        do { return try await body() } catch { throw Self.explain(error) ?? CancellationError() }
    }

    /// Nil for a cancellation.
    private static func explain(_ error: any Error) -> RefreshError? {
        switch error {
        case is CancellationError: nil
        case let error as RefreshError: error
        case let error as DownloadError:
            RefreshError(
                code: .download, message: "the XC server cannot be asked: \(error.detail)",
                isTransient: error.isTransient)
        case let error as DecompressionError: RefreshError(code: .content, message: error.message)
        default: RefreshError(code: .store, message: "\(error)")
        }
    }
}

extension LibraryKind {
    /// What lists all of them.
    var listAction: String {
        switch self {
        case .movie: "get_vod_streams"
        case .series: "get_series"
        }
    }

    /// What lists their categories.
    var categoriesAction: String {
        switch self {
        case .movie: "get_vod_categories"
        case .series: "get_series_categories"
        }
    }
}

/// Tells how far a refresh is: at most one word for each percent.
private actor LibraryEvents {
    private let account: Int
    private let progress: RefreshProgress
    private var last = -1

    init(account: Int, send: @escaping RefreshProgress) {
        self.account = account
        progress = send
    }

    func send(_ percent: Double, _ status: String, _ message: String? = nil) async {
        let whole = Int(percent)
        guard message != nil || whole > last else { return }
        last = whole
        var data: JSONObject = [
            "type": "m3u_refresh", "account": .int(account), "action": "vod_refresh", "progress": .int(whole),
            "status": .string(status),
        ]
        if let message { data["message"] = .string(message) }
        if status == "error" { data["error"] = JSONValue(message) }
        await progress(data)
    }
}
