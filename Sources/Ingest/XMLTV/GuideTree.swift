import CLibXML2

/// One `<channel>` or `<programme>` with all that is inside, in arrays that the next one uses again.
///
/// A guide has millions of elements: nodes with strings and arrays of their own cost four times the parsing.
///
///     bytes        texts and attributes' values, one after the other
///     nodes        in the order in which they begin; children are linked, the last one is known
///     attributes   those of one node lie together
struct GuideTree {
    struct Node {
        let name: GuideName
        /// In libxml2's own dictionary, for messages.
        let spelling: UnsafePointer<xmlChar>
        let attributes: Range<Int>
        var text = 0..<0
        var firstChild = 0
        var lastChild = 0
        /// The following child of the same parent; 0 at the end, for the root is nobody's.
        var next = 0
        /// The names of the children.
        var childNames: UInt64 = 0
    }

    struct Attribute {
        let name: GuideName
        let value: Range<Int>
    }

    private var nodes: [Node] = []
    private var attributes: [Attribute] = []
    private var bytes: [UInt8] = []
    /// The elements that have begun and not ended, outermost first.
    private var open: [Int] = []

    /// Where the next node's attributes begin.
    var attributeCount: Int { attributes.count }

    /// Reads the record as far as it has come.
    func withRecord<Result>(_ body: (GuideElement) -> Result) -> Result {
        nodes.withUnsafeBufferPointer { nodes in
            attributes.withUnsafeBufferPointer { attributes in
                bytes.withUnsafeBufferPointer { bytes in
                    body(GuideElement(nodes: nodes, attributes: attributes, bytes: bytes, index: 0))
                }
            }
        }
    }

    /// The innermost open element.
    var current: GuideName? { open.last.map { nodes[$0].name } }

    /// How the innermost open element is spelt.
    var currentSpelling: String { open.last.map { String(cString: nodes[$0].spelling) } ?? "" }

    /// How many bytes of text the innermost open element has.
    var currentTextCount: Int { open.last.map { nodes[$0].text.count } ?? 0 }

    mutating func clear() {
        nodes.removeAll(keepingCapacity: true)
        attributes.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        open.removeAll(keepingCapacity: true)
    }

    /// Adds an attribute to the element that begins next.
    mutating func add(_ name: GuideName, value: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: value)
        attributes.append(Attribute(name: name, value: start..<bytes.count))
    }

    /// Begins an element whose attributes have been added since there were `first` of them.
    mutating func begin(_ name: GuideName, spelling: UnsafePointer<xmlChar>, attributesFrom first: Int) {
        let index = nodes.count
        nodes.append(Node(name: name, spelling: spelling, attributes: first..<attributes.count))
        if let parent = open.last {
            let last = nodes[parent].lastChild
            if last == 0 { nodes[parent].firstChild = index } else { nodes[last].next = index }
            nodes[parent].lastChild = index
            nodes[parent].childNames |= name.bit
        }
        open.append(index)
    }

    /// Ends the innermost element; true when it was the record itself.
    mutating func end() -> Bool {
        open.removeLast()
        return open.isEmpty
    }

    /// Adds to the text of the innermost open element.
    mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
        guard let index = open.last else { return }
        let held = nodes[index].text
        let isInOnePiece = held.upperBound == bytes.count && !held.isEmpty
        if !isInOnePiece {
            let start = bytes.count
            // A child came between: the piece before it moves here, unless it is the blanks before a tag.
            if bytes[held].contains(where: { !$0.isBlank }) { bytes.append(contentsOf: bytes[held]) }
            nodes[index].text = start..<bytes.count
        }
        bytes.append(contentsOf: text)
        nodes[index].text = nodes[index].text.lowerBound..<bytes.count
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// UTF-8 text without white space at both ends, in Unicode's sense, as Python's `strip()`.
    var trimmed: UnsafeBufferPointer<UInt8> {
        var start = 0
        var end = count
        while start < end, case let length = blankLength(at: start, end), length > 0 { start += length }
        while start < end, case let length = blankLength(before: end, start), length > 0 { end -= length }
        return UnsafeBufferPointer(rebasing: self[start..<end])
    }

    /// The bytes of the white space character that begins here; 0 when it is another.
    private func blankLength(at position: Int, _ end: Int) -> Int {
        let first = self[position]
        if first < 0x80 { return first.isBlank ? 1 : 0 }
        if first == 0xC2 { return position + 1 < end && isBlank2(position) ? 2 : 0 }
        guard first == 0xE1 || first == 0xE2 || first == 0xE3 else { return 0 }
        return position + 2 < end && isBlank3(position) ? 3 : 0
    }

    private func blankLength(before position: Int, _ start: Int) -> Int {
        let last = self[position - 1]
        if last < 0x80 { return last.isBlank ? 1 : 0 }
        if position - 2 >= start, isBlank2(position - 2) { return 2 }
        return position - 3 >= start && isBlank3(position - 3) ? 3 : 0
    }

    /// U+0085 and U+00A0.
    private func isBlank2(_ at: Int) -> Bool { self[at] == 0xC2 && (self[at + 1] == 0x85 || self[at + 1] == 0xA0) }

    /// U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
    private func isBlank3(_ at: Int) -> Bool {
        switch (self[at], self[at + 1], self[at + 2]) {
        case (0xE1, 0x9A, 0x80), (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8...0xA9), (0xE2, 0x80, 0xAF),
            (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80):
            true
        default: false
        }
    }
}
