import Foundation

/// One field of a rule: `*`, `5`, `1-5`, `*/15`, `10-50/20`, `mon,wed`, and lists of these.
struct CronField {
    let name: String
    let range: ClosedRange<Int>
    var names: [String: Int] = [:]

    static let monthNames = named(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], from: 1)
    static let dayNames = named(["sun", "mon", "tue", "wed", "thu", "fri", "sat"], from: 0).merging(["7": 0]) { $1 }

    private static func named(_ names: [String], from first: Int) -> [String: Int] {
        Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0 + first) })
    }

    func parse(_ text: String) throws(CrontabSchedule.Invalid) -> Set<Int> {
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.trimmingCharacters(in: .whitespaces).split(
                separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = pieces.count == 2 ? Int(pieces[1]) : 1
            // `5/10` means different things to different crons, so it is none here.
            let isSpan = pieces.first.map { $0 == "*" || $0.contains("-") } ?? false
            guard let base = pieces.first, let step, step > 0, pieces.count == 1 || isSpan,
                let span = span(String(base))
            else {
                throw CrontabSchedule.Invalid(
                    description: "\(name) '\(text)' cannot be read; write \(range.lowerBound)-\(range.upperBound), "
                        + "*, */n, a-b, a-b/n or a list of these")
            }
            values.formUnion(stride(from: 0, to: span.count, by: step).map { span[$0] })
        }
        return values
    }

    private func span(_ text: String) -> [Int]? {
        if text == "*" { return Array(range) }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { value(String($0)) }
        guard let first = ends.first ?? nil, ends.count <= 2, let last = ends.last ?? nil else { return nil }
        // Sunday is 0 at the start of a range and 7 at its end.
        if text.hasSuffix("-7"), names["7"] == 0 { return Array(first...6) + [0] }
        // A range may wrap around, as in fri-mon.
        return first <= last ? Array(first...last) : Array(first...range.upperBound) + Array(range.lowerBound...last)
    }

    private func value(_ text: String) -> Int? {
        let key = text.lowercased()
        if let named = names[key] ?? names[String(key.prefix(3))] { return named }
        return Int(key).flatMap { range.contains($0) ? $0 : nil }
    }
}
