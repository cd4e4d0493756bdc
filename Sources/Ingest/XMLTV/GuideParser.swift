import CLibXML2

/// Reads an XMLTV guide from chunks of bytes, cut anywhere, and gives out its channels and programmes.
///
///     let parser = try GuideParser()
///     for chunk in chunks { try parser.parse(chunk) { records.append($0) } }
///     try parser.finish { records.append($0) }
///
/// libxml2 does the parsing (SAX2, pushed), in its tolerant mode: small faults are counted in ``problems``
/// and what is valid is kept. It never opens a file or a connection and never uses an entity that the
/// document defines; HTML's 252 named entities are known. Memory does not depend on the size of the file.
/// Not for use from two threads at a time. A call takes as long as its bytes need: keep it off the
/// cooperative pool.
public final class GuideParser {
    /// What one guide may cost.
    public struct Limits: Sendable, Equatable {
        /// Elements within elements.
        ///
        /// 32: XMLTV needs five.
        public var depth = 32
        /// Attributes of one element; more are dropped.
        ///
        /// 32: XMLTV knows eight at most.
        public var attributes = 32
        /// Bytes in one text; the rest is dropped.
        ///
        /// 64 KiB: a description has some hundred.
        public var textBytes = 65_536
        /// Elements in one channel or programme.
        public var elements = 2_000
        /// Bytes in one tag, comment or document type.
        ///
        /// 128 KiB: libxml2's time grows with the square of it.
        public var tokenBytes = 131_072
        /// Channels and programmes in one guide; more are dropped.
        ///
        /// Ten million is far beyond any feed.
        public var records = 10_000_000

        /// The defaults.
        public init() {}
    }

    /// Faults met so far.
    public var problems: ParseProblems {
        var all = listener.handler.problems
        for _ in 0..<min(head.replacements, 1) { all.note(.invalidText, line: 0, "\(head.replacements) bytes") }
        return all
    }
    /// Programmes passed over because nobody wants their channel.
    public var skippedProgrammes: Int { listener.handler.skippedProgrammes }
    /// The channels of those programmes; at most 100,000 are counted.
    public var skippedChannels: Int { listener.handler.skippedChannels.count }
    /// Lines read so far.
    public var lineCount: Int { listener.handler.line }

    private let limits: Limits
    private let listener: GuideListener
    private let context: xmlParserCtxtPtr
    private var head = GuideHead()

    /// A parser at the beginning of a guide.
    ///
    /// Programmes are given out for the wanted channels' ids, nil meaning all; channels always are. Of several titles
    /// and descriptions the one in the first of the languages counts, `de` before `en`; else the last.
    ///
    /// - Throws: `GuideParseError` with `.noParser` when memory is short.
    public init(
        wantedChannels: Set<String>? = nil, languages: [String] = [], limits: Limits = Limits()
    ) throws(GuideParseError) {
        self.limits = limits
        listener = GuideListener(
            GuideHandler(
                wantedChannels: wantedChannels, languages: languages.map { $0.lowercased() }, limits: limits))
        guard let context = listener.makeContext() else {
            throw GuideParseError(code: .noParser, line: 0, found: "")
        }
        self.context = context
        listener.handler.context = context
    }

    deinit {
        xmlFreeParserCtxt(context)
    }

    /// Reads the next bytes.
    ///
    /// - Throws: `GuideParseError` when the guide cannot be read further, or what `emit` throws.
    public func parse(_ chunk: UnsafeRawBufferPointer, _ emit: (GuideRecord) throws -> Void) throws {
        try head.pass(chunk) { try feed($0, emit) }
    }

    /// Reads the next bytes.
    public func parse(_ chunk: [UInt8], _ emit: (GuideRecord) throws -> Void) throws {
        try chunk.withUnsafeBytes { try parse($0, emit) }
    }

    /// Says that the guide has ended.
    ///
    /// - Throws: `GuideParseError` with `.truncated` when its last tag is missing. What came before has been given out.
    public func finish(_ emit: (GuideRecord) throws -> Void) throws {
        try head.finish { try feed($0, emit) }
        Self.silence()
        // Why the end is not checked here: a document without an end is told by the handler's own state.
        _ = xmlParseChunk(context, nil, 0, 1)
        for record in listener.handler.takeFinished() { try emit(record) }
        try listener.handler.checkFailure()
        try listener.handler.checkEnd()
    }

    /// Small pieces, so that a token over the limit is noticed before it has cost much.
    private func feed(_ bytes: UnsafeRawBufferPointer, _ emit: (GuideRecord) throws -> Void) throws {
        var position = 0
        Self.silence()
        while position < bytes.count {
            let length = min(16_384, bytes.count - position)
            let start = bytes.baseAddress.map { ($0 + position).assumingMemoryBound(to: CChar.self) }
            // Why the result is not used: it is the last error's number, also of errors that were got over.
            _ = xmlParseChunk(context, start, Int32(length), 0)
            for record in listener.handler.takeFinished() { try emit(record) }
            try listener.handler.checkFailure()
            try checkToken()
            position += length
        }
    }

    /// What goes wrong with an encoding is no parser's error to libxml2, and would be printed, line by line.
    ///
    /// For this thread: each has its own, and parsers move from one to another.
    private static func silence() {
        xmlSetStructuredErrorFunc(nil) { _, _ in }
        clibxml2_drop_messages()
    }

    private func checkToken() throws(GuideParseError) {
        guard let input = context.pointee.input, let end = input.pointee.end, let current = input.pointee.cur,
            end - current > limits.tokenBytes
        else { return }
        let start = String(decoding: UnsafeBufferPointer(start: current, count: 40), as: UTF8.self)
        throw GuideParseError(code: .tokenTooLarge, line: listener.handler.line, found: start)
    }
}
