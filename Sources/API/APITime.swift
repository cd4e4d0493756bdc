import CeleryProtocol
import Foundation

/// Instants as the API writes them: ISO 8601 in UTC with microseconds, as Django REST framework does.
enum APITime {
    /// A time of a request: ISO 8601 with a zone; nil for anything else, and for years that no database holds.
    static func date(_ text: String) -> Date? {
        guard text.utf8.count <= 40, text.utf8.contains(UInt8(ascii: "T")) || text.utf8.contains(UInt8(ascii: "t")),
            let last = text.utf8.last,
            [UInt8(ascii: "Z"), UInt8(ascii: "z")].contains(last)
                || text.utf8.suffix(6).contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") })
        else { return nil }
        return WireDate.parse(text.uppercased())
    }

    /// The last second of the year 9999, after which neither JSON's readers nor the database know any time.
    static let last = Date(timeIntervalSince1970: 253_402_300_799)
    /// The first of the year 1.
    private static let first = Date(timeIntervalSince1970: -62_135_596_800)

    /// For example `2026-11-22T17:04:33.120000Z`; what lies outside the years 1 to 9999 as the nearest time in them.
    static func text(_ date: Date) -> String {
        let date = min(max(date, first), last)
        let microseconds = Int((date.timeIntervalSince1970 * 1_000_000).rounded())
        let seconds = Int((Double(microseconds) / 1_000_000).rounded(.down))
        let fraction = String(microseconds - seconds * 1_000_000 + 1_000_000).dropFirst()
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return "\(whole.dropLast()).\(fraction)Z"
    }
}
