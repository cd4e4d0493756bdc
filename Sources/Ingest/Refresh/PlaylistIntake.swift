import NIOCore

/// One playlist on its way from the download to the staging area: parsed piece by piece, staged batch by batch.
actor PlaylistIntake<Reader: StreamReader> {
    private let bench: ParserBench<Reader>
    private let staging: any PlaylistStaging
    private let batchSize: Int
    private var batch: [PlaylistStream] = []
    private var parsing = Lane<[PlaylistStream]>()
    private var lane = Lane<Void>()
    private(set) var staged = 0

    init(_ reader: sending Reader, into staging: any PlaylistStaging, batchSize: Int) {
        bench = ParserBench(reader)
        self.staging = staging
        self.batchSize = batchSize
    }

    /// Begins to parse a piece; the caller may get the next one meanwhile.
    func take(_ buffer: ByteBuffer) async throws {
        // Begun before the piece ahead of it is done, so that the parser finds it when it is.
        let earlier = parsing.last()
        parsing.follow(bench.begin { try $0.read(buffer) })
        batch += try await earlier?.joined() ?? []
        try await stage(atLeast: batchSize)
    }

    /// Stages what is left; returns the file's groups.
    func finish() async throws -> [PlaylistGroup] {
        batch += try await parsing.last()?.joined() ?? []
        batch += try await bench.work { try $0.finish() }
        try await stage(atLeast: 1)
        try await lane.last()?.joined()
        return bench.read { $0.groups }
    }

    var facts: StreamFacts { bench.read { $0.facts } }

    /// A batch goes as a whole, because cutting it would copy it, unless one piece held that much.
    private func stage(atLeast least: Int) async throws {
        while batch.count >= 2 * batchSize {
            try await stage(Array(batch.prefix(batchSize)))
            batch.removeFirst(batchSize)
        }
        guard batch.count >= least else { return }
        let ready = batch
        batch = []
        try await stage(ready)
    }

    private func stage(_ ready: [PlaylistStream]) async throws {
        try await lane.last()?.joined()
        try Task.checkCancellation()
        lane.start { [staging] in try await staging.stage(ready) }
        staged += ready.count
    }
}
