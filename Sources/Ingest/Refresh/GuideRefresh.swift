import CeleryProtocol
import FoundationEssentials
public import Logging

/// Refreshes one XMLTV source in one pass: fetch, parse and stage as one stream, then swap.
///
/// Every channel of the guide is kept; programmes only for the channels that somebody mapped. Nothing is seen before
/// the store's commit; a refresh that fails, is cancelled or dies changes nothing but the status. Whether a second
/// refresh of the source may run meanwhile is the caller's matter.
public struct GuideRefresh: Sendable {
    /// What one refresh may cost.
    public struct Options: Sendable {
        /// How the file is fetched.
        public var download = Download.Options()
        /// What it may become when it is decompressed.
        public var decompression = Decompressor.Limits()
        /// What its elements may be.
        public var parsing = GuideParser.Limits()
        /// Records staged at a time, at least.
        public var batchSize = 2500

        /// The defaults.
        public init() {}
    }

    /// What a refresh did.
    public struct Report: Sendable, Equatable {
        /// What the source has now.
        public let counts: GuideCounts
        /// Channels in the guide.
        public let channels: Int
        /// Programmes that were staged.
        public let programmes: Int
        /// Programmes of channels that nobody mapped.
        public let skippedProgrammes: Int
        /// What was wrong with the file.
        public let problems: ParseProblems
        /// The source's `last_message`.
        public let message: String
    }

    private let store: any GuideStore
    private let options: Options
    private let logger: Logger

    /// A refresher for the sources of a store.
    public init(store: any GuideStore, options: Options = Options(), logger: Logger) {
        self.store = store
        self.options = options
        self.logger = logger
    }

    /// Refreshes one source; `progress` gets the `data` of each `epg_refresh` and `epg_fetch_error` event.
    ///
    /// - Throws: `RefreshError`, after it has been written to the source; `CancellationError`, after the status was
    ///   set to `error`.
    public func run(source id: Int, progress: @escaping RefreshProgress) async throws -> Report {
        guard let guide = try await store.guideSource(id) else {
            throw RefreshError(code: .notFound, message: "There is no EPG source \(id).")
        }
        guard guide.isActive, guide.isXMLTV else {
            throw RefreshError(
                code: .notRefreshable, message: "EPG source \(id) is not active, or of a kind that is not refreshed.")
        }
        let events = RefreshEvents(type: "epg_refresh", ownerKey: "source", owner: id, send: progress)
        let failures = RefreshFailures(logger: logger, events: events, action: "refresh") { [store] in
            try await store.report(.error, $0, source: id)
        }
        return try await failures.reporting({ explain($0, guide) }) {
            do {
                return try await refresh(guide, events)
            } catch let error as DownloadError {
                await sendFetchError(error, guide, progress)
                throw error
            }
        }
    }

    private func refresh(_ guide: GuideSource, _ events: RefreshEvents) async throws -> Report {
        guard let source = guide.source else {
            throw RefreshError(code: .download, message: GuideMessages.noSource)
        }
        try await store.report(.fetching, "Starting refresh", source: guide.id)
        let staging = try await store.beginGuide(source: guide.id)
        return try await discarding(staging.discard) {
            let reader = try GuideReader(wanted: staging.mappedChannels, limits: options)
            let intake = GuideIntake(reader, into: staging, batchSize: options.batchSize)
            try await fetch(source, guide, into: intake, events)
            try await intake.finish()
            let facts = await intake.facts
            let channels = await intake.channelCount
            let programmes = await intake.programmeCount
            guard channels + programmes + facts.skipped > 0 else {
                throw RefreshError(
                    code: .content, message: "The guide holds no channels and no programs; what was here was kept.")
            }
            try await announce(channels, programmes, guide, events)
            try Task.checkCancellation()
            let counts = try await staging.commit()
            let message =
                staging.mappedChannels.isEmpty
                ? GuideMessages.nothingMapped(counts.channels)
                : GuideMessages.programmes(
                    programmes, channels: await intake.channelsWithProgrammes, skipped: facts.skipped,
                    unmapped: facts.unmapped)
            let report = Report(
                counts: counts, channels: channels, programmes: programmes, skippedProgrammes: facts.skipped,
                problems: facts.problems, message: message)
            try await finish(report, guide, events)
            return report
        }
    }

    private func fetch(
        _ source: IngestSource, _ guide: GuideSource, into intake: GuideIntake, _ events: RefreshEvents
    ) async throws {
        var download = options.download
        if let userAgent = guide.userAgent { download.userAgent = userAgent }
        let store = store
        let action = source.isWeb ? "downloading" : "parsing_programs"
        await events.send(action, 0, .fetching)
        let last = try await Download(options: download, logger: logger).run(source) { progress in
            let message = GuideMessages.downloading(progress)
            try await store.report(.fetching, message, source: guide.id)
            var fields = progress.eventFields.merging(progress.downloadedField)
            fields["processed"] = .int(await intake.programmeCount)
            fields["message"] = .string(message)
            // 100 is the end of an action, and this one goes on.
            await events.send(action, min(progress.percent, 99.9), .fetching, fields)
        } receive: {
            try await intake.take($0)
        }
        guard source.isWeb else { return }
        await events.send(action, 100, .fetching, last.eventFields.merging(last.downloadedField))
    }

    private func announce(
        _ channels: Int, _ programmes: Int, _ guide: GuideSource, _ events: RefreshEvents
    ) async throws {
        let message = GuideMessages.channels(channels)
        try await store.report(.parsing, message, source: guide.id)
        let fields: JSONObject = ["channels": .int(channels), "total_channels": .int(channels)]
        await events.send("parsing_channels", 0, .parsing, fields)
        await events.send("parsing_channels", 100, .parsing, fields.merging(["message": .string(message)]))
        await events.send("parsing_programs", 0, .parsing, ["processed": .int(programmes), "total": .int(programmes)])
    }

    private func finish(_ report: Report, _ guide: GuideSource, _ events: RefreshEvents) async throws {
        if report.problems.total > 0 {
            logger.info(
                "guide has faults", metadata: ["source": "\(guide.id)", "problems": "\(report.problems.summary)"])
        }
        try await store.report(.success, report.message, source: guide.id)
        await events.send(
            "parsing_programs", 100, .success,
            [
                "message": .string(report.message), "processed": .int(report.programmes),
                "total": .int(report.programmes), "channels": .int(report.channels),
                "total_channels": .int(report.channels),
                "updated_at": .string(Date().formatted(.iso8601)),
            ])
    }

    private func sendFetchError(_ error: DownloadError, _ guide: GuideSource, _ progress: RefreshProgress) async {
        let (message, code) = GuideMessages.failure(error, name: guide.name)
        await progress([
            "type": "epg_fetch_error", "success": false, "source_id": .int(guide.id),
            "source_name": .string(guide.name), "error_code": Int(code).map(JSONValue.int) ?? .string(code),
            "message": .string(message),
        ])
    }

    private func explain(_ error: any Error, _ guide: GuideSource) -> RefreshError {
        switch error {
        case let error as RefreshError: return error
        case let error as DownloadError:
            return RefreshError(code: .download, message: GuideMessages.failure(error, name: guide.name).message)
        case let error as GuideParseError: return RefreshError(code: .content, message: error.description)
        case let error as DecompressionError: return RefreshError(code: .content, message: error.message)
        default: return RefreshError(code: .store, message: "\(GuideMessages.unfinished): \(error)")
        }
    }
}

extension DownloadProgress {
    /// How much has come, as a guide's row shows it.
    fileprivate var downloadedField: JSONObject {
        ["downloaded": .string("\(twoDecimals(Double(bytes) / 1_048_576)) MB")]
    }
}
