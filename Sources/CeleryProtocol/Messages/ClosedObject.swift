/// A JSON object that was looked through and found right, and is taken apart when somebody asks for what is in it.
struct ClosedObject: Sendable {
    /// The message that it stands in.
    let bytes: [UInt8]
    let range: Range<Int>

    /// The members; taken apart anew each time.
    var fields: JSONObject {
        let json = bytes.withUnsafeBufferPointer { bytes in
            // Why `try?`: it was read before, so nothing can be wrong with it.
            try? JSONParser.parse(
                UnsafeBufferPointer(rebasing: bytes[range]), limits: JSONLimits(depth: 8, bytes: range.count))
        }
        return json?.object ?? [:]
    }
}

/// The headers of most messages: all that Celery writes, in its order, and no others.
///
/// What is needed to run a task is here; the rest stays closed.
final class UsualHeaders: Sendable {
    let json: ClosedObject
    let task: String
    let id: String
    let eta: String?
    let expires: String?
    let group: String?
    let retries: Int
    let timeLimit: TimeLimits
    let rootID: String?
    let parentID: String?
    let ignoreResult: Bool?

    /// Reads on from where the headers begin; nil when they are not the usual ones.
    init?(_ reader: inout UsualReader, of bytes: [UInt8]) {
        let start = reader.position
        guard reader.opens(#""lang":"#), reader.text() != nil, reader.goesOn(#""task":"#), let task = reader.text(),
            reader.goesOn(#""id":"#), let id = reader.text(), !task.isEmpty, !id.isEmpty,
            reader.goesOn(#""shadow":"#), reader.textOrNull() != nil,
            reader.goesOn(#""eta":"#), let eta = reader.textOrNull(),
            reader.goesOn(#""expires":"#), let expires = reader.textOrNull(),
            reader.goesOn(#""group":"#), let group = reader.textOrNull(),
            reader.goesOn(#""group_index":"#), reader.wholeOrNull() != nil,
            reader.goesOn(#""retries":"#), let retries = reader.wholeOrNull(),
            reader.goesOn(#""timelimit":"#), let timeLimit = reader.timeLimit(),
            reader.goesOn(#""root_id":"#), let rootID = reader.textOrNull(),
            reader.goesOn(#""parent_id":"#), let parentID = reader.textOrNull(),
            reader.goesOn(#""argsrepr":"#), reader.textOrNull() != nil,
            reader.goesOn(#""kwargsrepr":"#), reader.textOrNull() != nil,
            reader.goesOn(#""origin":"#), reader.textOrNull() != nil,
            reader.goesOn(#""ignore_result":"#), let ignoreResult = reader.truthOrNull(),
            reader.goesOn(#""replaced_task_nesting":"#), reader.wholeOrNull() != nil,
            reader.goesOn(#""stamped_headers":"#), reader.isNull(),
            reader.goesOn(#""stamps":"#), reader.reads("{}"), reader.reads("}")
        else { return nil }
        json = ClosedObject(bytes: bytes, range: start..<reader.position)
        self.task = reader.string(task)
        self.id = reader.string(id)
        self.eta = eta.map { reader.string($0) }
        self.expires = expires.map { reader.string($0) }
        self.group = group.map { reader.string($0) }
        self.retries = retries ?? 0
        self.timeLimit = timeLimit
        // Nearly every task is the root of its own workflow.
        self.rootID = rootID.map { [id = self.id] in reader.has(id, at: $0) ? id : reader.string($0) }
        self.parentID = parentID.map { reader.string($0) }
        self.ignoreResult = ignoreResult
        for date in [self.eta, self.expires] {
            if let date, WireDate.parse(date) == nil { return nil }
        }
    }
}
