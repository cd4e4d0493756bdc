public import CeleryProtocol
import Foundation

/// Where each channel's programmes begin in an XMLTV file, as Dispatcharr keeps it.
///
///     {"channels": {"bbc1.uk": [1024, …]}, "interleaved_channels": ["itv.uk"]}
///
/// Up to ten offsets in bytes for a channel: where a run of its programmes begins. One with more runs is interleaved,
/// and a reader has to go on to the end of the file. Read in pieces, so memory does not grow with the file.
public struct ProgrammeIndex: Sendable {
    /// Runs of one channel that are kept.
    public static let maximumRuns = 10

    private var runs: [String: [Int]] = [:]
    private var interleaved: Set<String> = []
    private var last: String?
    private var pending: [UInt8] = []
    private var consumed = 0

    /// An index of nothing.
    public init() {}

    /// Reads a file, which must not be compressed.
    ///
    /// Blocks; to be called where that does no harm.
    ///
    /// - Throws: What reading the file throws.
    public static func read(_ path: String) throws -> ProgrammeIndex {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { try? file.close() }  // read to its end, or the error is on its way
        var index = ProgrammeIndex()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { index.read(piece) }
        return index
    }

    /// Reads the next bytes.
    public mutating func read(_ bytes: some Sequence<UInt8>) {
        pending.append(contentsOf: bytes)
        var position = 0
        let mark = Array("<programme".utf8)
        while let start = pending.firstIndex(of: UInt8(ascii: "<"), from: position) {
            guard pending.count - start >= mark.count else {
                position = start
                break
            }
            guard pending[start..<(start + mark.count)].elementsEqual(mark) else {
                position = start + 1
                continue
            }
            guard let end = pending.firstIndex(of: UInt8(ascii: ">"), from: start) else {
                position = start
                break
            }
            if let channel = Self.channel(pending[start..<end]) { note(channel, at: consumed + start) }
            position = end
        }
        if !pending.contains(UInt8(ascii: "<"), from: position) { position = pending.count }
        pending.removeFirst(position)
        consumed += position
    }

    /// What the database keeps.
    public var json: JSONValue {
        let channels = runs.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.array($0.value.map(JSONValue.int))) }
        return [
            "channels": .object(JSONObject(channels.map { (key: $0.0, value: $0.1) })),
            "interleaved_channels": .array(interleaved.sorted().map(JSONValue.string)),
        ]
    }

    private mutating func note(_ channel: String, at offset: Int) {
        guard channel != last else { return }
        last = channel
        if runs[channel, default: []].count < Self.maximumRuns {
            runs[channel, default: []].append(offset)
        } else {
            interleaved.insert(channel)
        }
    }

    /// The value of ` channel="…"` in a tag.
    private static func channel(_ tag: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: tag, as: UTF8.self)
        for quote in ["\"", "'"] {
            guard let name = text.range(of: #"\schannel\s*=\s*"# + quote, options: .regularExpression) else { continue }
            let rest = text[name.upperBound...]
            guard let end = rest.firstIndex(of: Character(quote)) else { return nil }
            return String(rest[..<end]).replacing("&amp;", with: "&")
        }
        return nil
    }
}

extension [UInt8] {
    fileprivate func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        start < count ? self[start...].firstIndex(of: byte) : nil
    }

    fileprivate func contains(_ byte: UInt8, from start: Int) -> Bool { firstIndex(of: byte, from: start) != nil }
}
