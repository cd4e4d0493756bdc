import Catalog
import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis

/// Tasks as the API shows them: what the ledger has, and what Redis knows better at the moment.
struct TaskView {
    let services: APIServices

    /// Rows of a list; those that are not over are looked up in Redis, all at once.
    func rows(_ entries: [LedgerEntry]) async throws -> [JSONValue] {
        let open = entries.filter { !$0.state.isFinal }.map(\.id)
        let live = try await live(open)
        return entries.map { .object(Self.json($0, live[$0.id])) }
    }

    /// What Redis has of tasks that are not over; nothing while it does not answer: a history has to be readable then.
    private func live(_ ids: [TaskID]) async throws -> [TaskID: Live] {
        guard !ids.isEmpty else { return [:] }
        do {
            async let results = services.queue.peek(ids)
            async let progress = services.queue.progress(of: ids)
            let found = try await (results, progress)
            return Dictionary(
                zip(ids, zip(found.0, found.1).map { Live(result: Self.word($0), progress: $1) }),
                uniquingKeysWith: { $1 })
        } catch is RedisError {
            return [:]
        }
    }

    struct Live {
        let result: TaskResult?
        let progress: JSONValue?
    }

    /// One task with all there is; nil when nobody has a trace of it.
    func detail(_ id: TaskID) async throws -> JSONObject? {
        let entry = try await services.ledger.table.find(id)
        let result = try await stored(id, isOver: entry?.state.isFinal ?? false)
        guard entry != nil || result != nil else { return try await trace(id) }
        var json: JSONObject = entry.map { Self.json($0, nil) } ?? ["task_id": JSONValue(id)]
        if let entry {
            json["args"] = .array(entry.args)
            json["kwargs"] = .object(entry.kwargs)
            if entry.state == .success { json["result"] = entry.outcome ?? .null }
        }
        if let result { json.apply(result) }
        let isReady = json["ready"]?.bool ?? false
        json["progress"] = isReady ? .null : try await progress(id)
        json["timeline"] = .array(Self.timeline(entry, result))
        json["parents"] = .array(Self.parents(entry, result))
        json["children"] = .array(try await children(of: id, result))
        return json
    }

    /// A result may have gone from Redis, or Redis itself: the ledger's word stands then.
    private func stored(_ id: TaskID, isOver: Bool) async throws -> TaskResult? {
        do { return Self.word(try await services.queue.storedResult(of: id)) } catch let error as RedisError {
            guard isOver else { throw error }
            return nil
        }
    }

    /// A result as far as it can be relied on: that nobody knows the task yet is what `explain` says, and no end.
    private static func word(_ result: TaskResult?) -> TaskResult? {
        result.flatMap { $0.isFinal || !$0.state.isReady ? $0 : nil }
    }

    private func progress(_ id: TaskID) async throws -> JSONValue {
        try await services.queue.progress(of: id) ?? .null
    }

    /// A task that others sent, and that has no result yet.
    private func trace(_ id: TaskID) async throws -> JSONObject? {
        guard try await services.queue.explain(id).place != .unknown else { return nil }
        let progress = try await progress(id)
        return [
            "task_id": JSONValue(id), "state": JSONValue(TaskState.pending), "ready": false, "progress": progress,
            "timeline": [], "parents": [], "children": [],
        ]
    }

    // MARK: - Parts

    static func json(_ entry: LedgerEntry, _ live: Live?) -> JSONObject {
        var json: JSONObject = [
            "task_id": JSONValue(entry.id), "name": .string(entry.name), "queue": .string(entry.queue),
            "priority": JSONValue(entry.priority), "plugin": JSONValue(entry.plugin), "about": .string(entry.about),
            "origin": .string(entry.origin), "schedule": JSONValue(entry.schedule),
            "parent_id": JSONValue(entry.parent),
        ]
        let state = live?.result?.state.rawValue ?? entry.state.name
        json["state"] = .string(state)
        json["ready"] = .bool(entry.state.isFinal || live?.result?.state.isReady ?? false)
        json["retries"] = .int(entry.retries)
        json["accepted_at"] = .string(APITime.text(entry.acceptedAt))
        json["eta"] = JSONValue(entry.due.map(APITime.text))
        json["started_at"] = JSONValue(entry.startedAt.map(APITime.text))
        json["finished_at"] = JSONValue((entry.finishedAt ?? live?.result?.dateDone).map(APITime.text))
        json["cancelled_at"] = JSONValue(entry.cancelledAt.map(APITime.text))
        json["error"] = JSONValue(entry.error ?? live?.result?.failure?.description)
        json["progress"] = live?.progress ?? .null
        return json
    }

    private static func timeline(_ entry: LedgerEntry?, _ result: TaskResult?) -> [JSONValue] {
        guard let entry else {
            guard let done = result?.dateDone, let state = result?.state else { return [] }
            return [["at": .string(APITime.text(done)), "what": .string(state.rawValue.lowercased())]]
        }
        var steps: [JSONValue] = [
            ["at": .string(APITime.text(entry.acceptedAt)), "what": "accepted", "by": .string(entry.origin)]
        ]
        steps += entry.steps.map { step in
            var step = step.object ?? [:]
            step["at"] = .string(APITime.text(Date(timeIntervalSince1970: (step["at"]?.double ?? 0) / 1000)))
            return .object(step)
        }
        // The keeper may not have heard of the end yet.
        if !entry.state.isFinal, let result, result.state.isReady, let done = result.dateDone {
            steps.append(["at": .string(APITime.text(done)), "what": .string(result.state.rawValue.lowercased())])
        }
        return steps
    }

    private static func parents(_ entry: LedgerEntry?, _ result: TaskResult?) -> [JSONValue] {
        var parents: [JSONValue] = []
        if let repeated = entry?.parent { parents.append(["task_id": JSONValue(repeated), "relation": "replay"]) }
        if let parent = result?.parentID { parents.append(["task_id": JSONValue(parent), "relation": "called by"]) }
        return parents
    }

    /// What it called, as its result says, and what repeats it.
    private func children(of id: TaskID, _ result: TaskResult?) async throws -> [JSONValue] {
        let called = (result?.children ?? []).prefix(100).compactMap { $0[0]?[0]?.string }.filter { $0 != id.rawValue }
        let repeats = try await services.ledger.table.repeats(of: id)
        return called.map { ["task_id": .string($0), "relation": "called"] }
            + repeats.map {
                [
                    "task_id": JSONValue($0.id), "relation": "replay", "name": .string($0.name),
                    "state": .string($0.state.name),
                ]
            }
    }
}

extension JSONObject {
    /// Takes over what a result says.
    fileprivate mutating func apply(_ result: TaskResult) {
        self["state"] = JSONValue(result.state)
        self["ready"] = .bool(result.state.isReady)
        if result.state == .success { self["result"] = result.result }
        if let failure = result.failure {
            self["error"] = .string(failure.description)
            self["exception"] = .string(failure.excType)
            self["traceback"] = JSONValue(result.traceback)
        }
        self["date_done"] = JSONValue(result.dateDone.map(APITime.text))
    }
}
