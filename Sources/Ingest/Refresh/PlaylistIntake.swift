import NIOCore

/// One playlist on its way from the download to the staging area, in batches.
actor PlaylistIntake<Reader: StreamReader> {
    private let bench: ParserBench<Reader>
    private let staging: any PlaylistStaging
    private let batchSize: Int
    private var batch: [PlaylistStream] = []
    private var lane = StagingLane()
    private(set) var staged = 0

    init(_ reader: sending Reader, into staging: any PlaylistStaging, batchSize: Int) {
        bench = ParserBench(reader)
        self.staging = staging
        self.batchSize = batchSize
    }

    func take(_ buffer: ByteBuffer) async throws {
        batch += try await bench.work { try $0.read(buffer) }
        while batch.count >= batchSize {
            try await stage(Array(batch.prefix(batchSize)))
            batch.removeFirst(batchSize)
        }
    }

    /// Stages what is left; returns the file's groups.
    func finish() async throws -> [PlaylistGroup] {
        batch += try await bench.work { try $0.finish() }
        for start in stride(from: 0, to: batch.count, by: batchSize) {
            try await stage(Array(batch[start..<min(start + batchSize, batch.count)]))
        }
        batch = []
        try await lane.last()?.value
        return bench.read { $0.groups }
    }

    var facts: StreamFacts { bench.read { $0.facts } }

    private func stage(_ streams: [PlaylistStream]) async throws {
        try await lane.last()?.value
        try Task.checkCancellation()
        lane.start { [staging] in try await staging.stage(streams) }
        staged += streams.count
    }
}
