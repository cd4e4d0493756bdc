/// Looks at the first bytes of a guide and decides whether its text needs mending on the way to the parser.
///
/// UTF-8 (declared, or nothing declared) goes through ``UTF8Repair``; UTF-16 and other declared encodings go
/// to libxml2 as they are. Blank lines before `<?xml`, which are an error in XML and common, are dropped.
struct GuideHead {
    private enum State {
        case undecided([UInt8])
        case mending
        case asIs
    }

    /// The declaration lies within these bytes.
    private static let length = 256

    private var state = State.undecided([])
    private var repair = UTF8Repair()

    /// How many bytes were not valid text.
    var replacements: Int { repair.replacements }

    mutating func pass(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        switch state {
        case .mending: try repair.repair(chunk, emit)
        case .asIs: try emit(chunk)
        case .undecided(let held):
            // Blanks at the beginning are dropped piece by piece, so that no number of them is held.
            let bytes = held.isEmpty ? Array(chunk.drop { $0.isBlank }) : held + chunk
            state = .undecided(bytes)
            if bytes.count >= Self.length { try decide(bytes, emit) }
        }
    }

    mutating func finish(_ emit: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        if case .undecided(let held) = state { try decide(held, emit) }
        try repair.finish(emit)
    }

    private mutating func decide(
        _ held: [UInt8], _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        state = Self.isUTF8(held) ? .mending : .asIs
        try held.withUnsafeBytes { try pass($0, emit) }
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        let start = bytes.prefix(4)
        // UTF-16 and UTF-32 by mark or by the zeros around "<".
        if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) { return false }
        if start.contains(0), start.contains(0x3C) { return false }
        let text = String(decoding: bytes.prefix(length), as: UTF8.self).lowercased()
        guard let declaration = text.range(of: "<?xml", upTo: "?>"),
            let name = declaration.split(separator: "encoding", maxSplits: 1).dropFirst().first
        else { return true }
        let encoding = name.drop { "= \t\"'".contains($0) }.prefix { !" \"'?".contains($0) }
        return ["utf-8", "utf8", "us-ascii", "ascii"].contains(encoding)
    }
}

extension String {
    /// The text from one marker to another; nil when either is missing.
    fileprivate func range(of start: String, upTo end: String) -> Substring? {
        guard let from = firstRange(of: start)?.upperBound, let to = self[from...].firstRange(of: end)?.lowerBound
        else { return nil }
        return self[from..<to]
    }
}
