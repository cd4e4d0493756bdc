import CeleryProtocol
import Logging

/// Tasks that shall not run, by id and by stamp.
extension RemoteControl {
    func revoke(_ arguments: ControlArguments, terminate: Bool) async throws -> JSONValue {
        let ids = try arguments.texts("task_id").map { TaskID(rawValue: $0) }
        try await queue.remember(revoked: ids, terminate: terminate)
        guard terminate else {
            return ControlReply.ok(.string("tasks \(Self.set(ids.map(\.rawValue))) flagged as revoked"))
        }
        // Those that run elsewhere are stopped by their own workers, which hear the same, or at their next heartbeat.
        let stopped = ids.filter { held.stop(task: $0, .terminated) }
        return ControlReply.ok(
            .string(
                stopped.isEmpty
                    ? "terminate: tasks unknown" : "terminate: \(stopped.map(\.rawValue).joined(separator: ", "))"))
    }

    func revokeStamps(_ arguments: ControlArguments) async throws -> JSONValue {
        let given = arguments["headers"] ?? .null
        let stamps = try Stamps(headers: given)
        try await queue.remember(revokedStamps: stamps)
        guard arguments.flag("terminate") else {
            return ControlReply.ok(
                .string("headers \(pythonRepr(.object(stamps.given))) flagged as revoked, but not terminated"))
        }
        var matched: [String: Set<String>] = [:]
        for claim in held.all where claim.began != nil {
            guard let message = claim.message else { continue }
            let common = stamps.members.intersection(Stamps(of: message.headers).members)
            guard !common.isEmpty else { continue }
            held.stop(task: message.headers.id, .terminated)
            for stamp in common { matched[stamp.name, default: []].insert(pythonRepr(stamp.value)) }
        }
        guard !matched.isEmpty else {
            return ControlReply.ok(.string("headers \(pythonRepr(.object(stamps.given))) were not terminated"))
        }
        let text = matched.sorted { $0.key < $1.key }.map { name, values in
            "\(pythonRepr(.string(name))): {\(values.sorted().joined(separator: ", "))}"
        }
        return ControlReply.ok(.string("headers {\(text.joined(separator: ", "))} revoked"))
    }

    /// As Python prints a set of texts.
    private static func set(_ texts: [String]) -> String {
        texts.isEmpty ? "set()" : "{\(texts.map { pythonRepr(.string($0)) }.joined(separator: ", "))}"
    }
}

/// Stamps by name: those that a request revokes, or those that a message carries.
struct Stamps: Sendable {
    struct Stamp: Hashable {
        let name: String
        let value: JSONValue

        /// The member of ``Keys/revokedStamps``.
        var text: String { JSONValue.array([.string(name), value]).text }
    }

    let members: Set<Stamp>
    /// As they came.
    let given: JSONObject

    /// More than a workflow of Celery's has ever been seen with.
    private static let most = 1_000

    /// From `{"name": value or list of values}`, or `["name=value", …]` as the command line gives them.
    init(headers: JSONValue) throws(ControlFault) {
        var given = JSONObject()
        switch headers {
        case .object(let object): given = object
        case .array(let pairs):
            for pair in pairs {
                guard let text = pair.string, let sign = text.firstIndex(of: "=") else {
                    throw ControlFault(raising: "IndexError", "list index out of range")
                }
                given[String(text[..<sign])] = .string(String(text[text.index(after: sign)...]))
            }
        default:
            throw ControlFault(raising: "TypeError", "headers are to be an object, or a list of \"name=value\"")
        }
        self.init(given)
        guard members.count <= Self.most else {
            throw ControlFault(raising: "ValueError", "more than \(Self.most) stamps at once")
        }
    }

    /// Those of a message: only what `stamped_headers` names counts.
    init(of headers: TaskHeaders) {
        let names = headers.stampedHeaders ?? []
        let stamps = names.isEmpty ? [:] : headers.stamps
        self.init(stamps.filter { names.contains($0.key) })
    }

    private init(_ given: JSONObject) {
        self.given = given
        var members: Set<Stamp> = []
        for (name, value) in given {
            for one in value.array ?? [value] { members.insert(Stamp(name: name, value: one)) }
        }
        self.members = members
    }
}
