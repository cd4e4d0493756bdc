/// Commercial breaks of a recording, as comskip's EDL file lists them.
///
/// One break a line: `begin end kind`, seconds, and kind 0 for "cut".
public struct CommercialBreaks: Sendable, Equatable {
    /// Seconds from the beginning, in order, none touching the next.
    public let breaks: [ClosedRange<Double>]

    /// Reads an EDL file; lines that are none are left out, breaks that overlap become one.
    public init(edl: String) {
        let read = edl.split(whereSeparator: \.isNewline).compactMap { line -> ClosedRange<Double>? in
            let parts = line.split(whereSeparator: \.isWhitespace)
            guard parts.count >= 2, let begin = Double(parts[0]), let end = Double(parts[1]), begin >= 0, end > begin,
                end.isFinite
            else { return nil }
            return begin...end
        }
        breaks = read.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { joined, next in
            if let last = joined.last, next.lowerBound <= last.upperBound {
                joined[joined.count - 1] = last.lowerBound...max(last.upperBound, next.upperBound)
            } else {
                joined.append(next)
            }
        }
    }

    /// What stays of a recording of that length; pieces below half a second are no pieces.
    public func kept(of duration: Double) -> [ClosedRange<Double>] {
        var kept: [ClosedRange<Double>] = []
        var position = 0.0
        for gap in breaks where gap.lowerBound < duration {
            if gap.lowerBound - position > 0.5 { kept.append(position...gap.lowerBound) }
            position = gap.upperBound
        }
        if duration - position > 0.5 { kept.append(position...duration) }
        return kept
    }
}
