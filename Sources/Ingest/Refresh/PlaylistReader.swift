import NIOCore

/// Bytes of a playlist in, streams worth staging out: decompresses, parses, filters, names.
struct PlaylistReader {
    /// The `url` column's width.
    static let urlLength = 4096
    /// Groups are kept in memory until the end.
    static let maximumGroups = 100_000

    private let decompressor: Decompressor
    private let identity: StreamIdentity
    private let account: Int
    private var parser: PlaylistParser
    private var check: ContentCheck?
    private var filters: FilterChain
    private var knownGroups: Set<String> = []

    /// Every group that the file names, in its order.
    private(set) var groups: [String] = []
    /// Entries that a filter dropped.
    private(set) var filtered = 0
    private var tooLong = 0

    init(_ account: PlaylistAccount, filters: FilterChain, limits: PlaylistRefresh.Options, checksContent: Bool) {
        decompressor = Decompressor(limits: limits.decompression)
        parser = PlaylistParser(limits: limits.parsing)
        identity = account.identity
        self.account = account.id
        self.filters = filters
        check = checksContent ? ContentCheck() : nil
    }

    /// What was wrong with the file so far.
    var problems: ParseProblems {
        var all = parser.problems
        all.merge(decompressor.problems)
        for _ in 0..<tooLong { all.note(.tooLong, line: 0, "URL") }
        return all
    }
    var suspendedFilters: [String] { filters.suspended }

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
        for entry in entries { take(entry, &streams) }
        return streams
    }

    private mutating func parse(_ bytes: UnsafeRawBufferPointer, _ streams: inout [PlaylistStream]) throws {
        check?.look(at: bytes)
        if check?.isDecidable == true { try decide() }
        var entries: [PlaylistEntry] = []
        parser.parse(bytes) { entries.append($0) }
        for entry in entries { take(entry, &streams) }
    }

    private mutating func decide() throws {
        let fault = check?.fault
        check = nil
        if let fault { throw ContentFault(fault: fault) }
    }

    private mutating func take(_ entry: PlaylistEntry, _ streams: inout [PlaylistStream]) {
        if groups.count < Self.maximumGroups, knownGroups.insert(entry.group).inserted { groups.append(entry.group) }
        guard filters.keeps(entry) else { return filtered += 1 }
        guard entry.url.cut(to: Self.urlLength) == entry.url else { return tooLong += 1 }
        streams.append(PlaylistStream(hash: identity.hash(of: entry, account: account), entry: entry))
    }
}

/// A server sent something that is no playlist.
struct ContentFault: Error {
    let fault: ContentCheck.Fault
}
