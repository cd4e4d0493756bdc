import Foundation

/// Instants as the API writes them: ISO 8601 in UTC with microseconds, as Django REST framework does.
enum APITime {
    /// For example `2026-11-22T17:04:33.120000Z`.
    static func text(_ date: Date) -> String {
        let microseconds = Int((date.timeIntervalSince1970 * 1_000_000).rounded())
        let seconds = Int((Double(microseconds) / 1_000_000).rounded(.down))
        let fraction = String(microseconds - seconds * 1_000_000 + 1_000_000).dropFirst()
        let whole = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        return "\(whole.dropLast()).\(fraction)Z"
    }
}
