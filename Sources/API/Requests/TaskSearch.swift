import Catalog
import CeleryProtocol
import Foundation

/// The filters of `GET /api/tasks/`, from its query.
struct TaskSearch {
    private(set) var query = LedgerQuery()
    private var faults: [String] = []

    static let parameters: [Operation.Parameter] = [
        .init("state", Schema.choice(APISchemas.states), "Only tasks in this state."),
        .init("name", Schema.text(atMost: 300, atLeast: 1), "Only tasks of this name."),
        .init("queue", Schema.text(atMost: 300, atLeast: 1), "Only tasks that were sent to this queue."),
        .init("plugin", Schema.text(atMost: 300, atLeast: 1), "Only tasks of this plugin."),
        .init("schedule", Schema.text(atMost: 300, atLeast: 1), "Only runs of this schedule."),
        .init(
            "search", Schema.text(atMost: 200, atLeast: 3),
            "Text in the name, the subject or the first 600 letters of the arguments; case does not matter."),
        .init("since", Schema.time, "Only tasks accepted at this time or later."),
        .init("until", Schema.time, "Only tasks accepted before this time."),
        .init("cursor", Schema.text(pattern: "^[0-9a-z]{1,12}$"), "Where to go on: \"next\" of the page before."),
        .init("limit", Schema.integer(1...200), "How many; 50 unless told otherwise."),
    ]

    /// - Throws: 400 with every fault.
    init(_ request: APIRequest) throws(APIError) {
        func words(_ name: String, _ range: ClosedRange<Int> = 1...300) -> String? {
            guard let text = request.query(name) else { return nil }
            if !range.contains(text.unicodeScalars.count) {
                faults.append("\(name): expected \(range.lowerBound) to \(range.upperBound) characters")
            }
            return text
        }
        query.name = words("name")
        query.queue = words("queue")
        query.plugin = words("plugin")
        query.schedule = words("schedule")
        query.text = words("search", 3...200)
        if let state = request.query("state") {
            query.state = APISchemas.states.contains(state) ? LedgerState(name: state) : nil
            if query.state == nil {
                faults.append("state: expected one of \(APISchemas.states.joined(separator: ", "))")
            }
        }
        query.since = time("since", request)
        query.until = time("until", request)
        if let cursor = request.query("cursor") {
            query.before = Int(cursor, radix: 36)
            let isOurs = cursor.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
            if query.before == nil || !isOurs { faults.append("cursor: expected \"next\" of the page before") }
        }
        if let limit = request.query("limit") {
            query.limit = Int(limit) ?? 0
            if !(1...200).contains(query.limit) { faults.append("limit: expected a whole number from 1 to 200") }
        }
        guard faults.isEmpty else { throw .badRequest(faults.joined(separator: "; "), code: "invalid_fields") }
    }

    private mutating func time(_ name: String, _ request: APIRequest) -> Date? {
        guard let text = request.query(name) else { return nil }
        if let date = APITime.date(text) { return date }
        faults.append("\(name): expected a time such as 2026-11-22T17:04:33Z")
        return nil
    }

    /// Where the page after this row begins.
    static func cursor(after seq: Int) -> String { String(seq, radix: 36) }
}
