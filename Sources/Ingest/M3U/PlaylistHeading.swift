import CeleryProtocol

/// What stands before a URL: one `#EXTINF` line and the tags after it.
///
///     #EXTINF:-1 tvg-id="a.b" group-title='News',Channel Name
///             └┬┘└──────────┬──────────────────┘└─────┬────┘
///         duration      attributes               display name
///
/// An attribute is a run of bytes without blanks and `=`, then `=` (blanks allowed around it), then a
/// value in double or single quotes. The display name is what follows the last attribute; without
/// attributes, what follows the first comma.
struct PlaylistHeading {
    var name: String
    var group: String
    var attributes: JSONObject
    var vlcOptions: [String] = []
    let line: Int

    /// Reads the line after `#EXTINF:`, trimmed.
    init(_ content: UnsafeRawBufferPointer, line: Int, maximumAttributes: Int, problems: inout ParseProblems) {
        self.line = line
        var scanner = AttributeScanner(content)
        attributes = JSONObject()
        while let (key, value) = scanner.next() {
            guard attributes.count < maximumAttributes else {
                problems.note(.tooManyAttributes, line: line, "more than \(maximumAttributes)")
                continue
            }
            attributes[key.playlistKey(line, &problems)] = .string(value.playlistText(line, &problems))
        }
        if scanner.metUnclosedQuote { problems.note(.unclosedQuote, line: line) }

        let display = Self.displayName(content, after: scanner.endOfLastAttribute).playlistText(line, &problems)
        name = display.trimmed
        if name.isEmpty { name = attributes["tvc-guide-title"]?.string?.trimmed ?? "" }
        if name.isEmpty { name = attributes["tvg-name"]?.string?.trimmed ?? "" }
        if name.isEmpty { name = content.playlistText(line, &problems).trimmed }
        group = attributes["group-title"]?.string?.trimmed ?? ""
    }

    /// `#EXTGRP` counts only where the entry names no group itself.
    mutating func applyGroupTag(_ tag: String) {
        guard group.isEmpty, !tag.isEmpty else { return }
        group = tag
        attributes["group-title"] = .string(tag)
    }

    private static func displayName(
        _ content: UnsafeRawBufferPointer, after attributesEnd: Int?
    ) -> UnsafeRawBufferPointer {
        guard let attributesEnd else {
            let comma = content.firstIndex(of: .comma, from: 0)
            guard comma < content.count else { return UnsafeRawBufferPointer(start: nil, count: 0) }
            return UnsafeRawBufferPointer(rebasing: content[(comma + 1)...]).trimmed
        }
        let rest = UnsafeRawBufferPointer(rebasing: content[attributesEnd...]).trimmed
        return rest.first == .comma ? UnsafeRawBufferPointer(rebasing: rest[1...]).trimmed : rest
    }
}

/// Finds `key="value"` and `key='value'` in one line; each byte is looked at a bounded number of times.
struct AttributeScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// Quotes known not to occur any more, so that a line full of them is not searched again and again.
    private var exhausted: (double: Bool, single: Bool) = (false, false)

    /// Just after the last closing quote; nil before the first attribute.
    private(set) var endOfLastAttribute: Int?
    private(set) var metUnclosedQuote = false

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        while position < bytes.count {
            skipBlanks()
            let keyStart = position
            while position < bytes.count, bytes[position] != .equals, !bytes[position].isBlank { position += 1 }
            let keyEnd = position
            skipBlanks()
            guard position < bytes.count else { return nil }
            guard bytes[position] == .equals else { continue }
            position += 1
            guard keyEnd > keyStart else { continue }
            skipBlanks()
            guard let value = quotedValue() else { continue }
            return (UnsafeRawBufferPointer(rebasing: bytes[keyStart..<keyEnd]), value)
        }
        return nil
    }

    private mutating func quotedValue() -> UnsafeRawBufferPointer? {
        guard position < bytes.count else { return nil }
        let quote = bytes[position]
        let isDouble = quote == UInt8(ascii: "\"")
        guard isDouble || quote == UInt8(ascii: "'") else { return nil }
        let isExhausted = isDouble ? exhausted.double : exhausted.single
        let end = isExhausted ? bytes.count : bytes.firstIndex(of: quote, from: position + 1)
        guard end < bytes.count else {
            metUnclosedQuote = true
            if isDouble { exhausted.double = true } else { exhausted.single = true }
            return nil
        }
        let value = UnsafeRawBufferPointer(rebasing: bytes[(position + 1)..<end])
        position = end + 1
        endOfLastAttribute = position
        return value
    }

    private mutating func skipBlanks() {
        while position < bytes.count, bytes[position].isBlank { position += 1 }
    }
}

extension UnsafeRawBufferPointer {
    /// An attribute's name in lower case.
    fileprivate func playlistKey(_ line: Int, _ problems: inout ParseProblems) -> String {
        let text = playlistText(line, &problems)
        return contains { $0 >= 0x80 || ($0 >= 0x41 && $0 <= 0x5A) } ? text.lowercased() : text
    }

    /// UTF-8 text; broken sequences and NULs become U+FFFD and are noted.
    func playlistText(_ line: Int, _ problems: inout ParseProblems) -> String {
        let bytes = bindMemory(to: UInt8.self)
        if firstUnplainIndex(from: 0) == count { return String(decoding: bytes, as: UTF8.self) }
        if firstIndex(of: 0, from: 0) == count, let text = String(validating: bytes, as: UTF8.self) { return text }
        problems.note(.invalidText, line: line)
        return String(decoding: bytes, as: UTF8.self).replacing("\0", with: "\u{FFFD}")
    }
}
