/// Looks at the first 32 KB of what a server calls a playlist.
struct ContentCheck {
    /// What it is instead of a playlist.
    enum Fault: Equatable {
        case html, errorText(String), empty, binary, other
    }

    private static let length = 32 * 1024
    private var head: [UInt8] = []

    /// Whether enough has been seen to decide.
    var isDecidable: Bool { head.count >= Self.length }

    mutating func look(at bytes: UnsafeRawBufferPointer) {
        head.append(contentsOf: bytes.prefix(Self.length - head.count))
    }

    /// What is wrong with it; nil when it is a playlist.
    var fault: Fault? {
        let text = String(decoding: head, as: UTF8.self)
        if text.contains("#EXTM3U") || text.contains("#EXTINF:") { return nil }
        let lines = text.split(whereSeparator: \.isNewline)
        if lines.contains(where: { line in ["http", "rtsp", "rtp", "udp"].contains { line.hasPrefix($0) } }) {
            return nil
        }
        let plain = text.trimmed
        if plain.isEmpty { return .empty }
        if head.contains(0) || plain.unicodeScalars.filter({ $0 == "\u{FFFD}" }).count > head.count / 20 {
            return .binary
        }
        let lower = plain.lowercased()
        if ["<html", "<!doctype html", "<head", "<body"].contains(where: { lower.contains($0) }) { return .html }
        return plain.count <= 1000 ? .errorText(plain) : .other
    }
}
