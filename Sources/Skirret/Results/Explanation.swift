public import CeleryProtocol

/// Why a task runs, or does not.
public struct Explanation: Sendable {
    /// Where a task is; the raw values are what `skirret explain --json` prints.
    public enum Place: String, Sendable {
        /// It is over.
        case finished
        /// A worker holds its message.
        case running
        /// It is next in line, or further behind.
        case queued
        /// Its time has not come.
        case scheduled
        /// No worker that takes from its queue knows it.
        case waitingForWorker = "waiting-for-worker"
        /// A limit of the fleet has no room.
        case waitingForLimit = "waiting-for-limit"
        /// Another task has to end first: it is a later step of a chain, a callback, or the body of a chord.
        case waitingForParents = "waiting-for-parents"
        /// It is not to run.
        case revoked
        /// It was given up.
        case dead
        /// There is no trace of it.
        case unknown
    }

    /// The task.
    public var id: TaskID
    /// Where it is.
    public var place: Place
    /// What is the case, as sentences.
    public var summary: String
    /// What one can do about it; nil when nothing needs to be done.
    public var advice: String?
    /// The facts behind the sentences, by names that stay.
    public var facts: JSONObject

    init(_ id: TaskID, _ place: Place, _ summary: String, advice: String? = nil, facts: JSONObject = [:]) {
        self.id = id
        self.place = place
        self.summary = summary
        self.advice = advice
        self.facts = facts
    }

    /// The same as one JSON object.
    public var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id.rawValue), "place": .string(place.rawValue), "summary": .string(summary),
        ]
        object["advice"] = advice.map(JSONValue.string) ?? .null
        object["facts"] = .object(facts)
        return .object(object)
    }
}
