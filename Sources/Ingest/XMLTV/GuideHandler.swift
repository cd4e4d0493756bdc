import CLibXML2

/// What libxml2's callbacks do: builds one record at a time and keeps the finished ones until they are drained.
///
///     outside ── <tv> ──▶ between ── <channel>, <programme> ──▶ inside ── end ──▶ between
///                                 └─ anything else, unwanted ──▶ passing over ──┘
final class GuideHandler {
    private(set) var problems = ParseProblems()
    private(set) var skippedProgrammes = 0
    private(set) var skippedChannels: Set<String> = []
    /// Line of the parser; libxml2 stops counting at 65,535 only in trees, not here.
    var line: Int { Int(context?.pointee.input?.pointee.line ?? 0) }
    /// Set once, right after the context is made with this handler as its user data.
    var context: xmlParserCtxtPtr?

    private let limits: GuideParser.Limits
    private let wantedChannels: Set<String>?
    private let languages: [String]
    private let entities = EntityTable()

    private var finished: [GuideRecord] = []
    private var recordCount = 0
    private var failure: GuideParseError?
    private var depth = 0
    private var hasEnded = false

    /// The record being built: its element first, then the open elements inside.
    private var open: [GuideElement] = []
    private var recordLine = 0
    private var elementCount = 0
    /// Depth of the outermost element whose contents nobody wants.
    private var ignoredFrom: Int?
    /// Open elements inside a text element such as `<desc>`; their text belongs to it.
    private var markupDepth = 0
    private var names: [UnsafePointer<xmlChar>: String] = [:]

    init(wantedChannels: Set<String>?, languages: [String], limits: GuideParser.Limits) {
        self.wantedChannels = wantedChannels
        self.languages = languages
        self.limits = limits
    }

    func drain(_ emit: (GuideRecord) throws -> Void) rethrows {
        guard !finished.isEmpty else { return }
        let records = finished
        finished.removeAll(keepingCapacity: true)
        for record in records { try emit(record) }
    }

    func checkFailure() throws(GuideParseError) {
        if let failure { throw failure }
        // disableSAX without our own stop: libxml2 met something it cannot get over.
        guard let context, context.pointee.disableSAX != 0 else { return }
        let message = context.pointee.lastError.message.map { String(cString: $0).trimmed } ?? ""
        throw GuideParseError(code: .malformed, line: line, found: String(message.prefix(80)))
    }

    func checkEnd() throws(GuideParseError) {
        guard hasEnded else { throw GuideParseError(code: .truncated, line: line, found: "") }
    }

    private func fail(_ code: GuideParseError.Code, _ found: String) {
        if failure == nil { failure = GuideParseError(code: code, line: line, found: String(found.prefix(80))) }
        xmlStopParser(context)
    }

    // MARK: libxml2's events

    func start(
        _ tag: UnsafePointer<xmlChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ count: Int
    ) {
        depth += 1
        guard depth <= limits.depth else { return fail(.tooDeep, "more than \(limits.depth) levels") }
        if depth == 1 { return startRoot(name(tag)) }
        guard ignoredFrom == nil else { return }
        if let current = open.last {
            guard !current.isText else { return markupDepth += 1 }
            elementCount += 1
            guard elementCount <= limits.elements else {
                return fail(.recordTooLarge, "more than \(limits.elements) elements")
            }
            open.append(GuideElement(name: name(tag), attributes: read(attributes, count)))
        } else {
            startRecord(GuideElement(name: name(tag), attributes: read(attributes, count)))
        }
    }

    func end() {
        defer { depth -= 1 }
        if depth == 1 { hasEnded = true }
        if let from = ignoredFrom {
            if depth == from { ignoredFrom = nil }
            return
        }
        guard markupDepth == 0 else { return markupDepth -= 1 }
        guard let element = open.popLast() else { return }
        if open.isEmpty {
            finish(element)
        } else {
            open[open.count - 1].children.append(element)
        }
    }

    func text(_ bytes: UnsafeBufferPointer<xmlChar>) {
        guard ignoredFrom == nil, let last = open.indices.last else { return }
        let room = limits.textBytes - open[last].bytes.count
        guard bytes.count <= room else {
            if room > 0 { problems.note(.tooLong, line: line, "text of <\(open[last].name)>") }
            return open[last].bytes.append(contentsOf: Self.whole(bytes.prefix(max(0, room))))
        }
        open[last].bytes.append(contentsOf: bytes)
    }

    func error(_ message: String) { problems.note(.malformedXML, line: line, message.trimmed) }

    func entityDefined(_ name: String) { problems.note(.entityDefinition, line: line, name) }

    /// An entity's text, as the parser wants it in the place where it stands.
    func entity(_ name: UnsafePointer<xmlChar>) -> xmlEntityPtr? {
        let isInAttribute = context?.pointee.instate == XML_PARSER_ATTRIBUTE_VALUE
        if let known = entities.entity(name, inAttribute: isInAttribute) { return known }
        problems.note(.unknownEntity, line: line, String(cString: name))
        return entities.nothing
    }

    // MARK: Records

    private func startRoot(_ name: String) {
        // Defaults for attributes, from a document type, would let four bytes cost thousands; XMLTV has none.
        if let defaults = context?.pointee.attsDefault {
            xmlHashFree(defaults) { entry, _ in xmlHashDefaultDeallocator(entry, nil) }
            context?.pointee.attsDefault = nil
        }
        if name != "tv" { fail(.notGuide, "the document is <\(name)>") }
    }

    private func startRecord(_ element: GuideElement) {
        recordLine = line
        elementCount = 1
        switch element.name {
        case "channel": open = [element]
        case "programme":
            guard let wantedChannels, let channel = element["channel"], !wantedChannels.contains(channel) else {
                return open = [element]
            }
            skippedProgrammes += 1
            if skippedChannels.count < 100_000 { skippedChannels.insert(channel) }
            ignoredFrom = depth
        default: ignoredFrom = depth
        }
    }

    private func finish(_ element: GuideElement) {
        guard recordCount < limits.records else { return problems.note(.tooManyRecords, line: recordLine) }
        let record: GuideRecord? =
            element.name == "channel"
            ? GuideChannel(element, line: recordLine, problems: &problems).map(GuideRecord.channel)
            : Programme(element, languages: languages, line: recordLine, problems: &problems)
                .map(GuideRecord.programme)
        guard let record else { return }
        recordCount += 1
        finished.append(record)
    }

    // MARK: Strings

    /// libxml2 keeps one copy of each name, so its address stands for it.
    private func name(_ pointer: UnsafePointer<xmlChar>) -> String {
        if let known = names[pointer] { return known }
        let name = String(cString: pointer)
        if names.count < 1_000 { names[pointer] = name }
        return name
    }

    /// Attributes come as five pointers each: name, prefix, namespace, value's start, value's end.
    private func read(
        _ pointers: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ count: Int
    ) -> [(name: String, value: String)] {
        guard let pointers, count > 0 else { return [] }
        if count > limits.attributes { problems.note(.tooManyAttributes, line: line, "\(count)") }
        return (0..<min(count, limits.attributes)).compactMap { index in
            guard let tag = pointers[5 * index], let start = pointers[5 * index + 3], let end = pointers[5 * index + 4]
            else { return nil }
            let bytes = UnsafeBufferPointer(start: start, count: end - start)
            if bytes.count > limits.textBytes { problems.note(.tooLong, line: line, "attribute \(name(tag))") }
            return (name(tag), entities.resolve(Self.whole(bytes.prefix(limits.textBytes))))
        }
    }

    /// Without the beginning of a character at the end of a cut.
    private static func whole(_ bytes: Slice<UnsafeBufferPointer<xmlChar>>) -> Slice<UnsafeBufferPointer<xmlChar>> {
        guard bytes.endIndex < bytes.base.endIndex else { return bytes }
        var end = bytes.endIndex
        while end > bytes.startIndex, bytes.base[end] & 0xC0 == 0x80 { end -= 1 }
        return bytes[..<end]
    }
}

extension GuideElement {
    /// Whether markup inside it, such as `<b>`, is part of its text.
    fileprivate var isText: Bool { ["title", "sub-title", "desc", "display-name"].contains(name) }
}
