import CeleryProtocol
import Foundation

/// What a line of `bench ingest` must reach.
struct IngestBar {
    let what: String
    let wanted: String
    let reading: Double
    let isMet: Bool

    static let header = ["BAR", "WANTED", "READ", ""]

    var row: [String] { [what, wanted, String(format: "%.1f", reading), isMet ? "met" : "MISSED"] }

    var json: JSONValue {
        ["what": .string(what), "wanted": .string(wanted), "read": .double(reading), "met": .bool(isMet)]
    }
}

extension IngestBench.Line {
    /// Memory over the idle process's, at any size of the file.
    private static let mostMebibytes = 64.0
    /// How many times the floor.
    private static let mostRatio = 2.0

    /// Ten times Python's way when all is new, thirty when nothing changed; only where both were measured.
    ///
    /// A file that did not change is known by its version or its bytes. That every row of one is compared happens only
    /// here, and stands in the table for what it shows.
    private var leastTimes: Double? {
        if what.contains("all new") { return 10 }
        return what.contains("unchanged") && !what.contains("compared") ? 30 : nil
    }

    /// The bars that this line is held to.
    var bars: [IngestBar] {
        var bars: [IngestBar] = []
        if let least = leastTimes, let python {
            let times = python.wall / ours.wall
            bars.append(
                IngestBar(
                    what: "\(what), times Python", wanted: "≥ \(Int(least))", reading: times, isMet: times >= least))
        }
        if let floor {
            let ratio = ours.wall / floor.wall
            bars.append(
                IngestBar(
                    what: "\(what), times the floor", wanted: "≤ \(Int(Self.mostRatio))", reading: ratio,
                    isMet: ratio <= Self.mostRatio))
        }
        if ours.mebibytes.isFinite {
            bars.append(
                IngestBar(
                    what: "\(what), MiB", wanted: "≤ \(Int(Self.mostMebibytes))", reading: ours.mebibytes,
                    isMet: ours.mebibytes <= Self.mostMebibytes))
        }
        return bars
    }
}
