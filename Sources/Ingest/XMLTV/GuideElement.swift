import FoundationEssentials

/// One element inside a `<channel>` or `<programme>`: a look into a ``GuideTree`` that stands still meanwhile.
struct GuideElement {
    let nodes: UnsafeBufferPointer<GuideTree.Node>
    let attributes: UnsafeBufferPointer<GuideTree.Attribute>
    let bytes: UnsafeBufferPointer<UInt8>
    let index: Int

    var name: GuideName { nodes[index].name }

    /// The text without white space at its ends; nil when nothing is left.
    var text: String? { utf8.map(Self.string) }

    /// The bytes of ``text``.
    var utf8: UnsafeBufferPointer<UInt8>? {
        let bytes = trimmed(nodes[index].text)
        return bytes.isEmpty ? nil : bytes
    }

    /// An attribute without white space at its ends; nil when absent or empty.
    subscript(attribute: GuideName) -> String? { self[utf8: attribute].map(Self.string) }

    /// The bytes of an attribute.
    subscript(utf8 attribute: GuideName) -> UnsafeBufferPointer<UInt8>? {
        value(attribute).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether an attribute is there, and not empty.
    func names(_ attribute: GuideName) -> Bool { value(attribute).map { !$0.isEmpty } ?? false }

    /// When an attribute says; nil when it is no time.
    func time(_ attribute: GuideName) -> Int64? { value(attribute).flatMap(GuideTime.unixSeconds) }

    private func value(_ name: GuideName) -> UnsafeBufferPointer<UInt8>? {
        for index in nodes[index].attributes where attributes[index].name == name {
            return trimmed(attributes[index].value)
        }
        return nil
    }

    private func trimmed(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[range]).trimmed
    }

    private static func string(_ piece: UnsafeBufferPointer<UInt8>) -> String { String(decoding: piece, as: UTF8.self) }

    func has(_ name: GuideName) -> Bool { nodes[index].childNames & name.bit != 0 }

    func first(_ name: GuideName) -> GuideElement? {
        guard has(name) else { return nil }
        return children.first { $0.name == name }
    }

    /// The children, in order.
    var children: Children { Children(parent: self, following: nodes[index].firstChild) }

    struct Children: Sequence, IteratorProtocol {
        let parent: GuideElement
        var following: Int

        mutating func next() -> GuideElement? {
            guard following > 0 else { return nil }
            defer { following = parent.nodes[following].next }
            return GuideElement(
                nodes: parent.nodes, attributes: parent.attributes, bytes: parent.bytes, index: following)
        }
    }

    /// The last non-empty text of a name in the first of these languages that there is; without one, the last of all.
    ///
    /// `en` also means `en-GB` and `en_US`.
    func text(_ name: GuideName, preferring languages: [String]) -> String? {
        guard has(name) else { return nil }
        for language in languages {
            var fitting: String?
            for child in children where child.name == name {
                guard let own = child[.lang]?.lowercased(), let text = child.text else { continue }
                if own == language || own.hasPrefix(language + "-") || own.hasPrefix(language + "_") { fitting = text }
            }
            if let fitting { return fitting }
        }
        return texts(name).last
    }

    /// The non-empty texts of all children of a name, in order.
    func texts(_ name: GuideName) -> [String] {
        guard has(name) else { return [] }
        return children.compactMap { $0.name == name ? $0.text : nil }
    }
}

extension GuideChannel {
    /// Nil when the element has no id that could be stored.
    init?(_ element: GuideElement, line: Int, problems: inout ParseProblems) {
        guard let id = element[.id] else {
            problems.note(.missingField, line: line, "channel without id")
            return nil
        }
        guard id.cut(to: 255) == id else {
            problems.note(.tooLong, line: line, "channel id")
            return nil
        }
        var icon = element.first(.icon)?[.src]
        if let address = icon, address.cut(to: 500) != address {
            problems.note(.tooLong, line: line, "icon of channel \(id)")
            icon = nil
        }
        self.init(id: id, name: (element.texts(.displayName).first ?? id).cut(to: 512), icon: icon)
    }
}

extension Programme {
    /// Nil when channel or times are missing, unreadable or backwards.
    init?(
        _ element: GuideElement, languages: [String], line: Int, problems: inout ParseProblems,
        properties writer: inout ProgrammeProperties
    ) {
        guard let channel = element[.channel], element.names(.start), element.names(.stop) else {
            problems.note(.missingField, line: line, "programme without channel, start or stop")
            return nil
        }
        func times() -> String { "\(element[.start] ?? "") - \(element[.stop] ?? "")" }
        guard let start = element.time(.start), let stop = element.time(.stop) else {
            problems.note(.invalidTime, line: line, times())
            return nil
        }
        guard stop >= start else {
            problems.note(.endsBeforeStart, line: line, times())
            return nil
        }
        let description = element.text(.desc, preferring: languages)
        self.init(
            channel: channel, start: Date(timeIntervalSince1970: Double(start)),
            stop: Date(timeIntervalSince1970: Double(stop)),
            title: (element.text(.title, preferring: languages) ?? "No Title").cut(to: 255),
            subTitle: element.text(.subTitle, preferring: languages), description: description,
            properties: writer.encode(element, description: description))
    }
}
