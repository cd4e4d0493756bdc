/// Makes any bytes valid UTF-8 text that XML allows, in a stream.
///
/// libxml2 reads everything after the first broken sequence as Latin-1, which would spoil the whole rest
/// of a guide; so broken bytes are replaced before it sees them. A lone byte from 0xA0 on is most likely
/// Latin-1 in a file that claims to be UTF-8 and becomes that letter; other broken bytes become U+FFFD,
/// control characters a blank.
struct UTF8Repair {
    /// How many bytes had to be replaced.
    private(set) var replacements = 0
    /// The beginning of a sequence that the last chunk cut.
    private var carry: [UInt8] = []

    mutating func repair(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        guard !carry.isEmpty else { return try repair(whole: chunk, isLast: false, emit) }
        let joined = carry + chunk
        carry.removeAll()
        try joined.withUnsafeBytes { try repair(whole: $0, isLast: false, emit) }
    }

    mutating func finish(_ emit: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        let rest = carry
        carry.removeAll()
        try rest.withUnsafeBytes { try repair(whole: $0, isLast: true, emit) }
    }

    private mutating func repair(
        whole bytes: UnsafeRawBufferPointer, isLast: Bool, _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        var position = 0
        var clean = 0
        func flush(upTo end: Int) throws {
            if end > clean { try emit(UnsafeRawBufferPointer(rebasing: bytes[clean..<end])) }
        }
        while position < bytes.count {
            position = bytes.firstUnplainIndex(from: position)
            guard position < bytes.count else { break }
            switch Self.sequence(bytes, at: position) {
            case .valid(let length): position += length
            case .cut where !isLast:
                try flush(upTo: position)
                carry = Array(bytes[position...])
                return
            case .cut, .broken:
                try flush(upTo: position)
                try Self.replacement(for: bytes[position]).withUnsafeBytes(emit)
                replacements += 1
                position += 1
                clean = position
            }
        }
        try flush(upTo: bytes.count)
    }

    private enum Sequence { case valid(Int), cut, broken }

    private static func sequence(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Sequence {
        let first = bytes[start]
        let length: Int
        var allowed: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0x09, 0x0A, 0x0D, 0x20...0x7F: return .valid(1)
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, allowed) = (3, 0xA0...0xBF)
        case 0xED: (length, allowed) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, allowed) = (4, 0x90...0xBF)
        case 0xF4: (length, allowed) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return .broken
        }
        for offset in 1..<length {
            guard start + offset < bytes.count else { return .cut }
            guard allowed.contains(bytes[start + offset]) else { return .broken }
            allowed = 0x80...0xBF
        }
        // U+FFFE and U+FFFF are no XML characters.
        if first == 0xEF, bytes[start + 1] == 0xBF, bytes[start + 2] >= 0xBE { return .broken }
        return .valid(length)
    }

    private static func replacement(for byte: UInt8) -> [UInt8] {
        switch byte {
        case 0..<0x20: [0x20]
        case 0xA0...: [0xC0 | byte >> 6, 0x80 | byte & 0x3F]
        default: [0xEF, 0xBF, 0xBD]
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Position of the first byte at or after `start` that is not printable ASCII; `count` when there is none.
    func firstUnplainIndex(from start: Int) -> Int {
        let (high, low): (UInt64, UInt64) = (0x8080_8080_8080_8080, 0x2020_2020_2020_2020)
        // Eight bytes at a time.
        var position = start
        while position + 8 <= count {
            let word = loadUnaligned(fromByteOffset: position, as: UInt64.self)
            // The subtraction borrows into a byte's high bit where the byte is below 0x20.
            guard (word | (word &- low)) & high == 0 else { break }
            position += 8
        }
        while position < count, self[position] >= 0x20, self[position] < 0x80 { position += 1 }
        return position
    }
}
