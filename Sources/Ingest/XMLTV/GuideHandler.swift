import CLibXML2

/// What libxml2's callbacks do: builds one record at a time and keeps the finished ones until they are taken.
///
///     outside ── <tv> ──▶ between ── <channel>, <programme> ──▶ inside ── end ──▶ between
///                                 └─ anything else, unwanted ──▶ passing over ──┘
///
/// A value, because a class's properties are guarded one by one at each use, which cost a fifth of the parsing.
struct GuideHandler {
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

    /// The record being built.
    private var tree = GuideTree()
    private var recordLine = 0
    private var elementCount = 0
    /// Depth of the outermost element whose contents nobody wants.
    private var ignoredFrom: Int?
    /// Open elements inside a text element such as `<desc>`; their text belongs to it.
    private var markupDepth = 0
    private var names = KnownNames()
    private var properties = ProgrammeProperties()

    init(wantedChannels: Set<String>?, languages: [String], limits: GuideParser.Limits) {
        self.wantedChannels = wantedChannels
        self.languages = languages
        self.limits = limits
    }

    /// The records that have ended since the last call.
    mutating func takeFinished() -> [GuideRecord] {
        defer { finished = [] }
        return finished
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

    private mutating func fail(_ code: GuideParseError.Code, _ found: String) {
        if failure == nil { failure = GuideParseError(code: code, line: line, found: String(found.prefix(80))) }
        xmlStopParser(context)
    }

    // MARK: libxml2's events

    mutating func start(
        _ tag: UnsafePointer<xmlChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ count: Int
    ) {
        depth += 1
        guard depth <= limits.depth else { return fail(.tooDeep, "more than \(limits.depth) levels") }
        guard depth > 1 else { return startRoot(tag) }
        guard ignoredFrom == nil else { return }
        guard let current = tree.current else { return startRecord(tag, attributes, count) }
        guard !current.isText else { return markupDepth += 1 }
        elementCount += 1
        guard elementCount <= limits.elements else {
            return fail(.recordTooLarge, "more than \(limits.elements) elements")
        }
        begin(tag, attributes, count)
    }

    mutating func end() {
        defer { depth -= 1 }
        if depth == 1 { hasEnded = true }
        if let from = ignoredFrom {
            if depth == from { ignoredFrom = nil }
            return
        }
        guard markupDepth == 0 else { return markupDepth -= 1 }
        guard tree.current != nil, tree.end() else { return }
        finish()
        tree.clear()
    }

    mutating func text(_ bytes: UnsafeBufferPointer<xmlChar>) {
        guard ignoredFrom == nil, tree.current != nil else { return }
        let room = limits.textBytes - tree.currentTextCount
        guard bytes.count > room else { return tree.append(bytes) }
        if room > 0 { problems.note(.tooLong, line: line, "text of <\(tree.currentSpelling)>") }
        tree.append(UnsafeBufferPointer(rebasing: Self.whole(bytes.prefix(max(0, room)))))
    }

    mutating func error(_ message: String) { problems.note(.malformedXML, line: line, message.trimmed) }

    mutating func entityDefined(_ name: String) { problems.note(.entityDefinition, line: line, name) }

    /// An entity's text, as the parser wants it in the place where it stands.
    mutating func entity(_ name: UnsafePointer<xmlChar>) -> xmlEntityPtr? {
        let isInAttribute = context?.pointee.instate == XML_PARSER_ATTRIBUTE_VALUE
        if let known = entities.entity(name, inAttribute: isInAttribute) { return known }
        problems.note(.unknownEntity, line: line, String(cString: name))
        return entities.nothing
    }

    // MARK: Records

    private mutating func startRoot(_ tag: UnsafePointer<xmlChar>) {
        // Defaults for attributes, from a document type, would let four bytes cost thousands; XMLTV has none.
        if let defaults = context?.pointee.attsDefault {
            xmlHashFree(defaults) { entry, _ in xmlHashDefaultDeallocator(entry, nil) }
            context?.pointee.attsDefault = nil
        }
        if names[tag] != .tv { fail(.notGuide, "the document is <\(String(cString: tag))>") }
    }

    private mutating func startRecord(
        _ tag: UnsafePointer<xmlChar>, _ attributes: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ count: Int
    ) {
        recordLine = line
        elementCount = 1
        let name = names[tag]
        guard name == .channel || name == .programme else { return ignoredFrom = depth }
        begin(tag, attributes, count)
        guard name == .programme, let wantedChannels, let channel = tree.withRecord({ $0[.channel] }),
            !wantedChannels.contains(channel)
        else { return }
        tree.clear()
        skippedProgrammes += 1
        if skippedChannels.count < 100_000 { skippedChannels.insert(channel) }
        ignoredFrom = depth
    }

    private mutating func finish() {
        guard recordCount < limits.records else { return problems.note(.tooManyRecords, line: recordLine) }
        let record = tree.withRecord { element -> GuideRecord? in
            guard element.name == .programme else {
                return GuideChannel(element, line: recordLine, problems: &problems).map(GuideRecord.channel)
            }
            return Programme(
                element, languages: languages, line: recordLine, problems: &problems, properties: &properties
            ).map(GuideRecord.programme)
        }
        guard let record else { return }
        recordCount += 1
        finished.append(record)
    }

    // MARK: Strings

    /// Attributes come as five pointers each: name, prefix, namespace, value's start, value's end.
    private mutating func begin(
        _ tag: UnsafePointer<xmlChar>, _ pointers: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?, _ count: Int
    ) {
        let first = tree.attributeCount
        if count > limits.attributes { problems.note(.tooManyAttributes, line: line, "\(count)") }
        for index in 0..<min(count, limits.attributes) {
            guard let pointers, let name = pointers[5 * index], let start = pointers[5 * index + 3],
                let end = pointers[5 * index + 4]
            else { continue }
            let bytes = UnsafeBufferPointer(start: start, count: end - start)
            if bytes.count > limits.textBytes {
                problems.note(.tooLong, line: line, "attribute \(String(cString: name))")
            }
            let value = Self.whole(bytes.prefix(limits.textBytes))
            if value.contains(UInt8(ascii: "&")) {
                tree.add(names[name], value: entities.resolve(value).utf8)
            } else {
                tree.add(names[name], value: value)
            }
        }
        tree.begin(names[tag], spelling: tag, attributesFrom: first)
    }

    /// Without the beginning of a character at the end of a cut.
    private static func whole(_ bytes: Slice<UnsafeBufferPointer<xmlChar>>) -> Slice<UnsafeBufferPointer<xmlChar>> {
        guard bytes.endIndex < bytes.base.endIndex else { return bytes }
        var end = bytes.endIndex
        while end > bytes.startIndex, bytes.base[end] & 0xC0 == 0x80 { end -= 1 }
        return bytes[..<end]
    }
}

/// What libxml2's names mean.
///
/// It keeps one copy of each name, so its address stands for it; of two that fall on one place the later stays.
private struct KnownNames {
    private var places = [(UnsafePointer<xmlChar>?, GuideName)](repeating: (nil, .other), count: 256)

    subscript(pointer: UnsafePointer<xmlChar>) -> GuideName {
        mutating get {
            let address = UInt(bitPattern: pointer)
            let place = Int((address ^ address >> 8) & 255)
            if places[place].0 == pointer { return places[place].1 }
            let name = GuideName(String(cString: pointer))
            places[place] = (pointer, name)
            return name
        }
    }
}
