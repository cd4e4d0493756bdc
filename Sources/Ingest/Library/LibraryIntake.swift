import CeleryProtocol
import NIOCore

/// Bytes of a list of films or series in, titles out.
private struct LibraryReader {
    private let kind: LibraryKind
    private let decompressor = Decompressor(limits: .init())
    private var splitter = JSONArraySplitter()
    private var faults = ParseProblems()
    private var count = 0

    init(_ kind: LibraryKind) { self.kind = kind }

    var problems: ParseProblems {
        var all = faults
        all.merge(decompressor.problems)
        return all
    }

    mutating func read(_ buffer: ByteBuffer) throws -> [LibraryTitle] {
        var titles: [LibraryTitle] = []
        try buffer.withUnsafeReadableBytes { bytes in
            try decompressor.decompress(bytes) { try take($0, &titles) }
        }
        return titles
    }

    mutating func finish() throws -> [LibraryTitle] {
        var titles: [LibraryTitle] = []
        try decompressor.finish { try take($0, &titles) }
        do { try splitter.finish() } catch let fault as JSONArraySplitter.Fault { throw explained(fault) }
        return titles
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, _ titles: inout [LibraryTitle]) throws {
        var elements: [[UInt8]] = []
        do {
            try splitter.split(bytes) { elements.append($0) }
        } catch let fault as JSONArraySplitter.Fault { throw explained(fault) }
        for element in elements {
            count += 1
            // An element that cannot be read is one title less, not the end of the refresh.
            let object = (try? JSONValue(parsing: element))?.object
            guard let title = object.flatMap({ kind == .movie ? LibraryTitle(movie: $0) : LibraryTitle(series: $0) })
            else {
                let beginning = String(decoding: element.prefix(60), as: UTF8.self)
                faults.note(.missingField, line: 0, "\(kind.rawValue) \(count): \(beginning)")
                continue
            }
            titles.append(title)
        }
    }

    private func explained(_ fault: JSONArraySplitter.Fault) -> RefreshError {
        let text =
            switch fault {
            case .notList(let said): "Unexpected response from XC server: \(said)"
            case .truncated: "the XC server's answer to \(kind.listAction) ends in the middle of the list"
            case .tooLarge: "Unexpected response from XC server: one element is larger than 256 KiB"
            }
        return RefreshError(code: .content, message: text)
    }
}

/// A list of films or series on its way from the download to the staging area, in batches.
actor LibraryIntake {
    private let bench: ParserBench<LibraryReader>
    private let kind: LibraryKind
    private let staging: any LibraryStaging
    private let batchSize: Int
    private var batch: [LibraryTitle] = []
    private(set) var count = 0

    init(_ kind: LibraryKind, into staging: any LibraryStaging, batchSize: Int) {
        bench = ParserBench(LibraryReader(kind))
        self.kind = kind
        self.staging = staging
        self.batchSize = batchSize
    }

    var problems: ParseProblems { bench.read { $0.problems } }

    func take(_ buffer: ByteBuffer) async throws {
        batch += try await bench.work { try $0.read(buffer) }
        if batch.count >= batchSize { try await stage() }
    }

    /// Stages what is left.
    func finish() async throws {
        batch += try await bench.work { try $0.finish() }
        try await stage()
    }

    private func stage() async throws {
        let titles = batch
        batch = []
        guard !titles.isEmpty else { return }
        try Task.checkCancellation()
        try await staging.stage(titles, of: kind)
        count += titles.count
    }
}
