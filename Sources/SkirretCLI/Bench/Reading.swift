import CeleryProtocol
import Foundation

/// One line of a bench: our figure beside the limit and beside a peer's, taken in the same run.
struct Reading {
    var what: String
    var unit: String
    var ours: Double
    /// What nobody can beat here; nil where no such thing was measured.
    var limit: Double?
    var celery: Double?
    /// Smaller figures are better.
    var isCost = false

    /// Our share of the limit: 1 is as good as can be.
    ///
    /// For costs: how many times the least possible.
    var ratio: Double? { limit.map { ours / $0 } }

    /// How many times better than Celery.
    var timesCelery: Double? {
        celery.map { isCost ? $0 / max(ours, .leastNonzeroMagnitude) : ours / max($0, .leastNonzeroMagnitude) }
    }

    static let header = ["WHAT", "OURS", "UNIT", "LIMIT", "RATIO", "CELERY", "BETTER"]

    var row: [String] {
        [
            what, Self.text(ours), unit, limit.map(Self.text) ?? "-", ratio.map { String(format: "%.2f", $0) } ?? "-",
            celery.map(Self.text) ?? "-", timesCelery.map { String(format: "%.1fx", $0) } ?? "-",
        ]
    }

    var json: JSONValue {
        [
            "what": .string(what), "unit": .string(unit), "ours": .double(ours),
            "limit": limit.map(JSONValue.double) ?? .null, "ratio": ratio.map(JSONValue.double) ?? .null,
            "celery": celery.map(JSONValue.double) ?? .null, "better": timesCelery.map(JSONValue.double) ?? .null,
        ]
    }

    private static func text(_ value: Double) -> String {
        String(format: value >= 1000 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value)
    }
}

/// Takes the median of several values, or another quantile.
func quantile(_ values: [Double], _ share: Double = 0.5) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
