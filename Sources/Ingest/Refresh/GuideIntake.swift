import NIOCore

/// Bytes of a guide in, records worth staging out: decompresses and parses.
struct GuideReader {
    private let decompressor: Decompressor
    private let parser: GuideParser

    init(wanted: Set<String>?, languages: [String], limits: GuideRefresh.Options) throws {
        var decompression = limits.decompression
        decompression.archiveSuffixes = [".xml", ".xmltv"]
        decompressor = Decompressor(limits: decompression)
        parser = try GuideParser(wantedChannels: wanted, languages: languages, limits: limits.parsing)
    }

    var skippedProgrammes: Int { parser.skippedProgrammes }
    var skippedChannels: Int { parser.skippedChannels }
    var problems: ParseProblems {
        var all = parser.problems
        all.merge(decompressor.problems)
        return all
    }

    func read(_ buffer: ByteBuffer) throws -> [GuideRecord] {
        var records: [GuideRecord] = []
        try buffer.withUnsafeReadableBytes { bytes in
            try decompressor.decompress(bytes) { try parser.parse($0) { records.append($0) } }
        }
        return records
    }

    func finish() throws -> [GuideRecord] {
        var records: [GuideRecord] = []
        try decompressor.finish { try parser.parse($0) { records.append($0) } }
        try parser.finish { records.append($0) }
        return records
    }
}

/// One guide on its way from the download to the staging area: parsed piece by piece, staged batch by batch.
actor GuideIntake {
    private let bench: ParserBench<GuideReader>
    private let staging: any GuideStaging
    private let batchSize: Int
    private var channels: [GuideChannel] = []
    private var programmes: [Programme] = []
    private var withProgrammes: Set<String> = []
    private var parsing = Lane<[GuideRecord]>()
    private var lane = Lane<Void>()

    private(set) var channelCount = 0
    private(set) var programmeCount = 0

    init(_ reader: sending GuideReader, into staging: any GuideStaging, batchSize: Int) {
        bench = ParserBench(reader)
        self.staging = staging
        self.batchSize = batchSize
    }

    /// Channels that programmes were staged for.
    var channelsWithProgrammes: Int { withProgrammes.count }

    var facts: (skipped: Int, unmapped: Int, problems: ParseProblems) {
        bench.read { ($0.skippedProgrammes, $0.skippedChannels, $0.problems) }
    }

    /// Begins to parse a piece; the caller may get the next one meanwhile.
    func take(_ buffer: ByteBuffer) async throws {
        // Begun before the piece ahead of it is done, so that the parser finds it when it is.
        let earlier = parsing.last()
        parsing.follow(bench.begin { try $0.read(buffer) })
        sort(try await earlier?.joined() ?? [])
        if channels.count >= batchSize { try await stageChannels() }
        if programmes.count >= batchSize { try await stageProgrammes() }
    }

    /// Stages what is left.
    func finish() async throws {
        sort(try await parsing.last()?.joined() ?? [])
        sort(try await bench.work { try $0.finish() })
        try await stageChannels()
        try await stageProgrammes()
        try await lane.last()?.joined()
    }

    private func sort(_ records: [GuideRecord]) {
        for record in records {
            switch record {
            case .channel(let channel): channels.append(channel)
            case .programme(let programme):
                // Most guides go channel by channel.
                if programmes.last?.channel != programme.channel { withProgrammes.insert(programme.channel) }
                programmes.append(programme)
            }
        }
    }

    private func stageChannels() async throws {
        let ready = channels
        channels = []
        guard !ready.isEmpty else { return }
        try await lane.last()?.joined()
        try Task.checkCancellation()
        lane.start { [staging] in try await staging.stage(channels: ready) }
        channelCount += ready.count
    }

    private func stageProgrammes() async throws {
        let ready = programmes
        programmes = []
        guard !ready.isEmpty else { return }
        try await lane.last()?.joined()
        try Task.checkCancellation()
        lane.start { [staging] in try await staging.stage(programmes: ready) }
        programmeCount += ready.count
    }
}
