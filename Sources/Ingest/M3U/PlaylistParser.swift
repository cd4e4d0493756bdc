/// Reads an M3U playlist from chunks of bytes, cut anywhere, and gives out its entries one by one.
///
///     var parser = PlaylistParser()
///     for chunk in chunks { parser.parse(chunk) { entries.append($0) } }
///     parser.finish { entries.append($0) }
///
/// Memory does not depend on the size of the file: one line (64 KiB at most) and one entry are held.
/// Nothing is an error here; what is dropped is counted in ``problems``.
public struct PlaylistParser {
    /// What one playlist may cost.
    public struct Limits: Sendable, Equatable {
        /// Bytes in one line; longer lines are dropped.
        ///
        /// 64 KiB: a URL column holds 4096.
        public var lineBytes = 65_536
        /// Attributes of one entry; more are dropped.
        ///
        /// 256: providers send about ten.
        public var attributes = 256
        /// Entries in one playlist; more are dropped.
        ///
        /// Two million: the largest seen have half of it.
        public var entries = 2_000_000

        /// The defaults.
        public init() {}
    }

    /// Faults met so far.
    public private(set) var problems = ParseProblems()
    /// Entries given out so far.
    public private(set) var entryCount = 0
    /// Lines read so far.
    public var lineCount: Int { splitter.number }

    private let limits: Limits
    private var splitter: LineSplitter
    private var heading: PlaylistHeading?

    /// A parser at the beginning of a playlist.
    public init(limits: Limits = Limits()) {
        self.limits = limits
        splitter = LineSplitter(limit: limits.lineBytes)
    }

    /// Reads the next bytes.
    public mutating func parse(
        _ chunk: UnsafeRawBufferPointer, _ emit: (PlaylistEntry) throws -> Void
    ) rethrows {
        // The splitter is taken out for the call, so that its closure may change the rest of self.
        var splitter = self.splitter
        defer { self.splitter = splitter }
        try splitter.split(chunk) { try read($0, $1, emit) }
    }

    /// Reads the next bytes.
    public mutating func parse(_ chunk: [UInt8], _ emit: (PlaylistEntry) throws -> Void) rethrows {
        try chunk.withUnsafeBytes { try parse($0, emit) }
    }

    /// Says that the playlist has ended; its last line need not end in a line end.
    public mutating func finish(_ emit: (PlaylistEntry) throws -> Void) rethrows {
        var splitter = self.splitter
        defer { self.splitter = splitter }
        try splitter.finish { try read($0, $1, emit) }
        dropHeading()
    }

    private mutating func read(
        _ line: LineSplitter.Line, _ number: Int, _ emit: (PlaylistEntry) throws -> Void
    ) rethrows {
        switch line {
        case .text(let bytes):
            try read(text: (number == 1 ? bytes.withoutByteOrderMark : bytes).trimmed, number, emit)
        case .tooLong(let head):
            problems.note(.tooLong, line: number, String(decoding: head, as: UTF8.self))
            // The entry this line belongs to cannot be trusted any more.
            if head.hasPrefix(Self.extinf) { dropHeading() } else { heading = nil }
        }
    }

    private mutating func read(
        text: UnsafeRawBufferPointer, _ number: Int, _ emit: (PlaylistEntry) throws -> Void
    ) rethrows {
        guard let first = text.first else { return }
        if first == UInt8(ascii: "#") {
            readTag(text, number)
        } else if Self.isAllowedURL(text) {
            try readURL(text, number, emit)
        } else {
            problems.note(.refusedURL, line: number, String(decoding: text.prefix(40), as: UTF8.self))
        }
    }

    private static let extinf: StaticString = "#EXTINF:"

    private mutating func readTag(_ text: UnsafeRawBufferPointer, _ number: Int) {
        func rest(_ prefix: StaticString) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: text[prefix.utf8CodeUnitCount...]).trimmed
        }
        if text.hasPrefix(Self.extinf) {
            dropHeading()
            heading = PlaylistHeading(
                rest(Self.extinf), line: number, maximumAttributes: limits.attributes, problems: &problems)
        } else if text.hasPrefix("#EXTGRP:") {
            let group = rest("#EXTGRP:").playlistText(number, &problems)
            heading?.applyGroupTag(group)
        } else if text.hasPrefix("#EXTVLCOPT:") {
            let option = rest("#EXTVLCOPT:").playlistText(number, &problems)
            guard (heading?.vlcOptions.count ?? 0) < limits.attributes else {
                return problems.note(.tooManyAttributes, line: number, "#EXTVLCOPT")
            }
            heading?.vlcOptions.append(option)
        }
    }

    private mutating func readURL(
        _ text: UnsafeRawBufferPointer, _ number: Int, _ emit: (PlaylistEntry) throws -> Void
    ) rethrows {
        guard let heading else { return problems.note(.urlWithoutEntry, line: number) }
        self.heading = nil
        guard entryCount < limits.entries else { return problems.note(.tooManyRecords, line: number) }
        var url = text.playlistText(number, &problems)
        if url.hasPrefix("udp://@") { url = "udp://" + url.dropFirst("udp://@".count) }
        entryCount += 1
        try emit(PlaylistEntry(heading, url: url))
    }

    private mutating func dropHeading() {
        guard let heading else { return }
        problems.note(.entryWithoutURL, line: heading.line, heading.name)
        self.heading = nil
    }

    /// The schemes that players are given; spelled in lower case, as the original accepts them.
    private static let schemes: [StaticString] = [
        "http://", "https://", "rtsp://", "rtsps://", "rtp://", "udp://",
    ]

    private static func isAllowedURL(_ text: UnsafeRawBufferPointer) -> Bool {
        schemes.contains { text.hasPrefix($0) }
    }
}

extension UnsafeRawBufferPointer {
    var withoutByteOrderMark: UnsafeRawBufferPointer {
        hasPrefix("\u{FEFF}") ? UnsafeRawBufferPointer(rebasing: self[3...]) : self
    }
}
