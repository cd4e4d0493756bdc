import NIOCore

/// Bytes of a playlist in, streams worth staging out: decompresses, parses, filters, names.
struct PlaylistReader: StreamReader {
    private let decompressor: Decompressor
    private var parser: PlaylistParser
    private var check: ContentCheck?
    private var selection: StreamSelection

    init(_ account: PlaylistAccount, filters: FilterChain, limits: PlaylistRefresh.Options, checksContent: Bool) {
        var decompression = limits.decompression
        decompression.archiveSuffixes = [".m3u", ".m3u8"]
        decompressor = Decompressor(limits: decompression)
        parser = PlaylistParser(limits: limits.parsing)
        selection = StreamSelection(account, filters: filters)
        check = checksContent ? ContentCheck() : nil
    }

    var groups: [PlaylistGroup] { selection.groups }
    var facts: StreamFacts {
        var problems = parser.problems
        problems.merge(decompressor.problems)
        return selection.facts(adding: problems)
    }

    /// - Throws: `DecompressionError`, or `ContentFault` as soon as it is sure that this is no playlist.
    mutating func read(_ buffer: ByteBuffer) throws -> [PlaylistStream] {
        var streams: [PlaylistStream] = []
        try buffer.withUnsafeReadableBytes { bytes in
            try decompressor.decompress(bytes) { try parse($0, &streams) }
        }
        return streams
    }

    mutating func finish() throws -> [PlaylistStream] {
        var streams: [PlaylistStream] = []
        try decompressor.finish { try parse($0, &streams) }
        try decide()
        var entries: [PlaylistEntry] = []
        parser.finish { entries.append($0) }
        take(entries, &streams)
        return streams
    }

    private mutating func parse(_ bytes: UnsafeRawBufferPointer, _ streams: inout [PlaylistStream]) throws {
        check?.look(at: bytes)
        if check?.isDecidable == true { try decide() }
        var entries: [PlaylistEntry] = []
        parser.parse(bytes) { entries.append($0) }
        take(entries, &streams)
    }

    private mutating func decide() throws {
        let fault = check?.fault
        check = nil
        if let fault { throw ContentFault(fault: fault) }
    }

    private mutating func take(_ entries: [PlaylistEntry], _ streams: inout [PlaylistStream]) {
        for entry in entries { if let stream = selection.take(entry) { streams.append(stream) } }
    }
}

/// A server sent something that is no playlist.
struct ContentFault: Error {
    let fault: ContentCheck.Fault
}
