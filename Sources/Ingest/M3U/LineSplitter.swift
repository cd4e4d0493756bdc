#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Cuts a stream of bytes into lines that end in CR, LF or CRLF, whatever the sizes of the chunks.
///
/// Lines that lie within one chunk are not copied. A line over the limit costs no memory beyond it:
/// the rest is skipped, and the line is reported as too long with its beginning.
struct LineSplitter {
    /// One line, without its end.
    enum Line {
        case text(UnsafeRawBufferPointer)
        case tooLong(head: UnsafeRawBufferPointer)
    }

    /// Bytes in one line.
    let limit: Int
    /// Number of the line last given out, from 1.
    private(set) var number = 0

    private var carry: [UInt8] = []
    private var isSkipping = false
    private var endedInCR = false

    init(limit: Int) { self.limit = limit }

    mutating func split(_ chunk: UnsafeRawBufferPointer, _ body: (Line, Int) throws -> Void) rethrows {
        guard let first = chunk.first else { return }
        var position = endedInCR && first == .lineFeed ? 1 : 0
        endedInCR = false
        var nextLF = chunk.firstIndex(of: .lineFeed, from: position)
        var nextCR = chunk.firstIndex(of: .carriageReturn, from: position)
        while position < chunk.count {
            if nextLF < position { nextLF = chunk.firstIndex(of: .lineFeed, from: position) }
            if nextCR < position { nextCR = chunk.firstIndex(of: .carriageReturn, from: position) }
            let end = min(nextLF, nextCR)
            let piece = UnsafeRawBufferPointer(rebasing: chunk[position..<end])
            guard end < chunk.count else { return keep(piece) }
            try finishLine(piece, body)
            position = end + 1
            guard end == nextCR else { continue }
            if position == chunk.count {
                endedInCR = true
            } else if chunk[position] == .lineFeed {
                position += 1
            }
        }
    }

    /// Gives out the last line when the input does not end in a line end.
    mutating func finish(_ body: (Line, Int) throws -> Void) rethrows {
        guard !carry.isEmpty || isSkipping else { return }
        try finishLine(UnsafeRawBufferPointer(start: nil, count: 0), body)
    }

    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        guard !isSkipping else { return }
        guard carry.count + piece.count <= limit else {
            carry.append(contentsOf: piece.prefix(max(0, 80 - carry.count)))
            isSkipping = true
            return
        }
        carry.append(contentsOf: piece)
    }

    private mutating func finishLine(
        _ piece: UnsafeRawBufferPointer, _ body: (Line, Int) throws -> Void
    ) rethrows {
        number += 1
        if carry.isEmpty, !isSkipping, piece.count <= limit { return try body(.text(piece), number) }
        keep(piece)
        defer {
            carry.removeAll(keepingCapacity: true)
            isSkipping = false
        }
        try carry.withUnsafeBytes { bytes in
            try body(isSkipping ? .tooLong(head: bytes) : .text(bytes), number)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Position of a byte at or after `start`; `count` when there is none.
    func firstIndex(of byte: UInt8, from start: Int) -> Int {
        guard let baseAddress, start < count,
            let found = memchr(baseAddress + start, Int32(byte), count - start)
        else { return count }
        return UnsafeRawPointer(found) - baseAddress
    }

    /// Whether the bytes begin with those of an ASCII text.
    func hasPrefix(_ text: StaticString) -> Bool {
        text.utf8CodeUnitCount <= count
            && (baseAddress.map { memcmp($0, text.utf8Start, text.utf8CodeUnitCount) == 0 } ?? false)
    }

    /// Without ASCII blanks at both ends.
    var trimmed: UnsafeRawBufferPointer {
        var start = 0
        var end = count
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }
}

extension UInt8 {
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let equals = UInt8(ascii: "=")
    static let comma = UInt8(ascii: ",")

    /// Space, tab, line feed, vertical tab, form feed, carriage return.
    var isBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
    /// ASCII, neither blank nor control character.
    var isVisible: Bool { self > 0x20 && self < 0x7F }
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}
