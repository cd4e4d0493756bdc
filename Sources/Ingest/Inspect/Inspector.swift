import FoundationEssentials

/// Reads one file and counts.
struct Inspector {
    private enum Reader {
        /// The first bytes of the plain text.
        case undecided([UInt8])
        case playlist(PlaylistParser)
        case guide(GuideParser)
    }

    private static let decidingBytes = 4096

    private let decompressor = Decompressor()
    private var reader = Reader.undecided([])
    private var found = Inspection(kind: .playlist)
    private var groupIndex: [String: Int] = [:]
    /// Digests of URLs: eight bytes each instead of a hundred.
    private var urls: Set<Int> = []
    private var listed: Set<String> = []
    private var named: Set<String> = []

    mutating func read(_ bytes: UnsafeRawBufferPointer) throws {
        var inspector = self
        defer { self = inspector }
        try decompressor.decompress(bytes) { try inspector.take($0) }
    }

    mutating func finish() throws -> Inspection {
        var inspector = self
        defer { self = inspector }
        try decompressor.finish { try inspector.take($0) }
        if case .undecided(let head) = inspector.reader { try inspector.decide(head) }
        return try inspector.conclude()
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws {
        guard case .undecided(let head) = reader else { return try parse(bytes) }
        let all = head + bytes
        reader = .undecided(all)
        if all.count >= Self.decidingBytes { try decide(all) }
    }

    private mutating func decide(_ head: [UInt8]) throws {
        let text = String(decoding: head.prefix(Self.decidingBytes), as: UTF8.self).trimmed
        let plain = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        if plain.hasPrefix("<") || head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
            guard !plain.lowercased().hasPrefix("<!doctype html"), !plain.lowercased().hasPrefix("<html") else {
                throw InspectionError(beginning: String(plain.prefix(80)))
            }
            found.kind = .guide
            reader = .guide(try GuideParser())
        } else if plain.hasPrefix("#EXT") || plain.contains("\n#EXTINF:") {
            reader = .playlist(PlaylistParser())
        } else {
            throw InspectionError(beginning: String(plain.prefix { !$0.isNewline }.prefix(80)))
        }
        try head.withUnsafeBytes { try parse($0) }
    }

    private mutating func parse(_ bytes: UnsafeRawBufferPointer) throws {
        switch reader {
        case .undecided: break
        case .playlist(var parser):
            // Taken out of the enum for the call, so that it is changed in place.
            reader = .undecided([])
            parser.parse(bytes) { note($0) }
            reader = .playlist(parser)
        case .guide(let parser): try parser.parse(bytes) { note($0) }
        }
    }

    private mutating func conclude() throws -> Inspection {
        switch reader {
        case .undecided: break
        case .playlist(var parser):
            parser.finish { note($0) }
            found.lines = parser.lineCount
            found.problems = parser.problems
        case .guide(let parser):
            try parser.finish { note($0) }
            found.lines = parser.lineCount
            found.problems = parser.problems
            found.channelsWithoutProgrammes = listed.subtracting(named).count
            found.unlistedChannels = named.subtracting(listed).count
        }
        found.problems.merge(decompressor.problems)
        found.plainBytes = decompressor.outputBytes
        return found
    }

    private mutating func note(_ entry: PlaylistEntry) {
        found.streams += 1
        if let index = groupIndex[entry.group] {
            found.groups[index].streams += 1
        } else if found.groups.count < StreamSelection.maximumGroups {
            groupIndex[entry.group] = found.groups.count
            found.groups.append((entry.group, 1))
        }
        found.schemes[String(entry.url.prefix { $0 != ":" }), default: 0] += 1
        if entry.tvgID?.isEmpty == false { found.withGuideID += 1 }
        if entry.logo?.isEmpty == false { found.withLogo += 1 }
        if entry.channelNumber != nil { found.withNumber += 1 }
        if entry.isCatchup { found.withCatchup += 1 }
        if !urls.insert(entry.url.hashValue).inserted { found.repeatedURLs += 1 }
    }

    private mutating func note(_ record: GuideRecord) {
        switch record {
        case .channel(let channel):
            found.channels += 1
            listed.insert(channel.id)
        case .programme(let programme):
            found.programmes += 1
            named.insert(programme.channel)
            found.earliest = min(found.earliest ?? programme.start, programme.start)
            found.latest = max(found.latest ?? programme.stop, programme.stop)
        }
    }
}
