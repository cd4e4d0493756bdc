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
        /// Whether the file was the one of the last refresh, and was not read again.
        public let isUnchanged: Bool
        /// The channels of those.
        public let unmappedChannels: Int
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
        let staging = try await store.beginGuide(guide)
        return try await discarding(staging.discard) {
            let reader = try GuideReader(
                wanted: guide.keepsAllProgrammes ? nil : staging.mappedChannels, languages: guide.languages,
                limits: options)
            let intake = GuideIntake(reader, into: staging, batchSize: options.batchSize)
            let receipt = try await fetch(source, guide, unless: staging.known, into: intake, events)
            let report: Report
            if let known = staging.known, receipt.repeats(known.version) {
                if !receipt.isUnchanged { try await intake.finish() }
                report = repeated(known, nothingMapped: guide.wantsNothing(of: staging))
                try await announce(report.channels, report.programmes, guide, events)
                try await staging.confirm(
                    file: KnownFile(version: receipt.fullVersion ?? known.version, facts: known.facts))
            } else {
                report = try await store(receipt, from: intake, into: staging, guide, events)
            }
            try await finish(report, guide, events)
            return report
        }
    }

    /// The file is new: what was staged takes the place of what was there.
    private func store(
        _ receipt: Download.Receipt, from intake: GuideIntake, into staging: any GuideStaging, _ guide: GuideSource,
        _ events: RefreshEvents
    ) async throws -> Report {
        try await intake.finish()
        let found = await intake.facts
        let channels = await intake.channelCount
        let programmes = await intake.programmeCount
        guard channels + programmes + found.skipped > 0 else {
            throw RefreshError(
                code: .content, message: "The guide holds no channels and no programs; what was here was kept.")
        }
        try await announce(channels, programmes, guide, events)
        try Task.checkCancellation()
        let facts: JSONObject = [
            "channels": .int(channels), "programmes": .int(programmes), "skipped": .int(found.skipped),
            "unmapped": .int(found.unmapped), "with_programmes": .int(await intake.channelsWithProgrammes),
        ]
        let counts = try await staging.commit(
            file: receipt.fullVersion.map { KnownFile(version: $0, facts: facts) })
        return report(
            facts, counts, isUnchanged: false, found.problems, nothingMapped: guide.wantsNothing(of: staging))
    }

    /// The file is the one that is there already, and nothing about it is to be done.
    private func repeated(_ known: KnownFile, nothingMapped: Bool) -> Report {
        func fact(_ name: String) -> Int { known.facts[name]?.int ?? 0 }
        let counts = GuideCounts(channels: fact("channels"), programmes: fact("programmes"))
        return report(known.facts, counts, isUnchanged: true, ParseProblems(), nothingMapped: nothingMapped)
    }

    private func report(
        _ facts: JSONObject, _ counts: GuideCounts, isUnchanged: Bool, _ problems: ParseProblems, nothingMapped: Bool
    ) -> Report {
        func fact(_ name: String) -> Int { facts[name]?.int ?? 0 }
        return Report(
            counts: counts, channels: fact("channels"), programmes: fact("programmes"),
            skippedProgrammes: fact("skipped"), isUnchanged: isUnchanged, unmappedChannels: fact("unmapped"),
            problems: problems,
            message: nothingMapped
                ? GuideMessages.nothingMapped(counts.channels)
                : GuideMessages.programmes(
                    fact("programmes"), channels: fact("with_programmes"), skipped: fact("skipped"),
                    unmapped: fact("unmapped")))
    }

    private func fetch(
        _ source: IngestSource, _ guide: GuideSource, unless known: KnownFile?, into intake: GuideIntake,
        _ events: RefreshEvents
    ) async throws -> Download.Receipt {
        var download = options.download
        if let userAgent = guide.userAgent { download.userAgent = userAgent }
        let store = store
        let action = source.isWeb ? "downloading" : "parsing_programs"
        await events.send(action, 0, .fetching)
        let downloader = Download(options: download, logger: logger)
        let receipt = try await downloader.run(source, unless: known?.version) { progress in
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
        guard source.isWeb else { return receipt }
        var fields = receipt.progress.eventFields.merging(receipt.progress.downloadedField)
        if receipt.isUnchanged { fields["message"] = .string(RefreshMessages.unchanged) }
        await events.send(action, 100, .fetching, fields)
        return receipt
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
            return RefreshError(
                code: .download, message: GuideMessages.failure(error, name: guide.name).message,
                isTransient: error.isTransient)
        case let error as GuideParseError: return RefreshError(code: .content, message: error.description)
        case let error as DecompressionError: return RefreshError(code: .content, message: error.message)
        default: return RefreshError(code: .store, message: "\(GuideMessages.unfinished): \(error)")
        }
    }
}

extension GuideSource {
    /// Whether no programme is kept because no channel shows the guide.
    fileprivate func wantsNothing(of staging: any GuideStaging) -> Bool {
        !keepsAllProgrammes && staging.mappedChannels.isEmpty
    }
}

extension DownloadProgress {
    /// How much has come, as a guide's row shows it.
    fileprivate var downloadedField: JSONObject {
        ["downloaded": .string("\(twoDecimals(Double(bytes) / 1_048_576)) MB")]
    }
}
