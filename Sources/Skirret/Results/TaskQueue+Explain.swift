public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Says why a task runs, or does not: where it is, what it waits for, and what can be done about it.
    ///
    /// For people, not for hot paths: it looks at what runs in the whole fleet, and at the next 2,000 messages in line.
    ///
    /// - Parameter id: The task.
    /// - Returns: The explanation; of an id that left no trace it says that too.
    /// - Throws: `RedisError` when the broker did not answer, which then is the explanation.
    public func explain(_ id: TaskID) async throws -> Explanation {
        let fleet = try await FleetView(self)
        if let running = try await explainRunning(id, fleet) { return running }
        if let waiting = try await explainWaiting(id, fleet) { return waiting }
        if let scheduled = try await explainScheduled(id, fleet) { return scheduled }
        if let queued = try await explainQueued(id, fleet) { return queued }
        if let letter = try await explainDead(id) { return letter }
        if let result = try await storedResult(of: id), result.isFinal { return finished(result) }
        if try await !redis.send("ZSCORE", .init(keys.revoked), .init(id.rawValue)).isNull {
            return Explanation(
                id, .revoked, "It is revoked: no worker will run it.", advice: "Send it again under another id.")
        }
        if let parent = try await explainParents(id) { return parent }
        return Explanation(
            id, .unknown,
            "There is no trace of it: never sent to this broker, its result has expired, nobody wanted its result, or it "
                + "lies deeper in a queue than was looked.",
            advice: "Check the id, and the broker's address and database with 'skirret doctor'.")
    }

    private func finished(_ result: TaskResult) -> Explanation {
        var facts: JSONObject = ["state": .string(result.state.rawValue)]
        if let date = result.dateDone { facts["at"] = .string(date.formatted(.iso8601)) }
        let failure = result.failure.map { ": \($0)" } ?? ""
        return Explanation(
            result.taskID, .finished, "It is over: \(result.state.rawValue)\(failure).",
            advice: result.state == .failure ? "'skirret result \(result.taskID) --log' shows what it said." : nil,
            facts: facts)
    }

    // MARK: running

    private func explainRunning(_ id: TaskID, _ fleet: FleetView) async throws -> Explanation? {
        for (token, about) in try await objects(in: keys.owners) where about["task"]?.string == id.rawValue {
            let lease =
                try await redis.send("ZSCORE", .init(keys.leases), .init(token)).string.flatMap(Double.init) ?? 0
            let since = (about["at"]?.double ?? 0) / 1000
            let worker = about["worker"]?.string ?? "?"
            let left = Int(lease / 1000 - fleet.now)
            let isAlive = fleet.workers[worker] != nil
            let description = try await redis.send("HGET", .init(keys.workerDescriptions), .init(worker)).bytes ?? []
            // A record that does not parse is somebody else's.
            let slots = (try? JSONValue(parsing: description))?["heavy"]?[id.rawValue]?.int
            return Explanation(
                id, .running,
                "Worker \(worker) holds it since \(Self.text(since)), "
                    + (slots.map { "waits until \($0) of its slots are free, " } ?? "")
                    + (isAlive ? "and is alive." : "and does not answer: its lease ends in \(max(0, left)) s."),
                advice: isAlive
                    ? "'skirret inspect active' shows it; 'skirret revoke \(id) --terminate' stops it."
                    : "Nothing: any live worker gives it back to its queue when the lease has ended.",
                facts: [
                    "worker": .string(worker), "since": .double(since), "lease_seconds": .int(left),
                    "queue": about["queue"] ?? .null, "alive": .bool(isAlive), "slots": JSONValue(slots),
                ])
        }
        return nil
    }

    /// The JSON objects of a hash, by field; what does not parse is left out.
    private func objects(in key: String) async throws -> [(String, JSONValue)] {
        let flat = try await redis.send("HGETALL", .init(key)).array ?? []
        return stride(from: 0, to: flat.count - 1, by: 2).compactMap { index in
            // A record that does not parse is somebody else's.
            guard let field = flat[index].string, let bytes = flat[index + 1].bytes,
                let value = try? JSONValue(parsing: bytes)
            else { return nil }
            return (field, value)
        }
    }

    // MARK: waiting

    private func explainWaiting(_ id: TaskID, _ fleet: FleetView) async throws -> Explanation? {
        guard let bytes = try await redis.send("HGET", .init(keys.waiting), .init(id.rawValue)).bytes,
            let about = Self.head(of: bytes)
        else { return nil }
        let since = (about["since"]?.double ?? 0) / 1000
        let list = about["list"]?.string ?? ""
        let queue = keys.lists.queue(ofKey: list).rawValue
        let name = about["name"]?.string ?? "?"
        if about["why"]?.string == "unknown" {
            let ends = (about["ends"]?.double ?? 0) / 1000
            let knowing = fleet.workers.keys.filter { fleet.knows($0, name) }.sorted()
            return Explanation(
                id, .waitingForWorker,
                "No live worker that takes from queue \(queue) knows task \(name). It waits since \(Self.text(since)) and "
                    + "is dead at \(Self.text(ends)).",
                advice: knowing.isEmpty
                    ? "Start a worker that knows it with '--queues \(queue)', or mend the name and send it again."
                    : "\(knowing.joined(separator: ", ")) knows it, but does not take from \(queue): send it there.",
                facts: [
                    "task": .string(name), "queue": .string(queue), "since": .double(since), "until": .double(ends),
                    "known_by": .array(knowing.map(JSONValue.string)),
                ])
        }
        return try await explainLimit(id, about, since: since, fleet)
    }

    private func explainLimit(
        _ id: TaskID, _ about: JSONValue, since: Double, _ fleet: FleetView
    ) async throws -> Explanation {
        let limit = about["limit"]?.string ?? ""
        let words = (about["about"]?.string ?? "").split(separator: " ").map(String.init)
        let found = try await redis.pipeline([
            RedisCommand("ZRANGE", .init(limit), 0, 19),
            RedisCommand("LPOS", .init(limit + ":waiting"), .init(id.rawValue), "MAXLEN", 10_000),
            RedisCommand("LLEN", .init(limit + ":waiting")), RedisCommand("GET", .init(limit + ":next")),
        ])
        let before = found[1].int.map { "\($0)" } ?? "many"
        let line = "\(before) before it in line, \(found[2].int ?? 0) altogether"
        let shown = String(limit.dropFirst(keys.limit("").count + 2))
        var facts: JSONObject = [
            "limit": .string(shown), "since": .double(since), "line": .int(found[2].int ?? 0),
        ]
        facts["before"] = found[1].int.map(JSONValue.int) ?? .null
        if words.first == "r" {
            let frees = (found[3].string.flatMap(Double.init) ?? 0) / 1e6
            let wait = max(0, frees - fleet.now)
            facts["frees_in_seconds"] = .double((wait * 1000).rounded() / 1000)
            return Explanation(
                id, .waitingForLimit,
                "It is over the rate of limit \(shown): \(line). The rate frees in \(Self.seconds(wait)).",
                advice: "Nothing, or a higher rate in the task's options.", facts: facts)
        }
        let owners = Dictionary(try await objects(in: keys.owners), uniquingKeysWith: { $1 })
        let holders: [JSONValue] = (found[0].array ?? []).compactMap(\.string).map { member in
            if member.hasPrefix("~") { return ["task": .string(String(member.dropFirst())), "worker": nil] }
            return ["task": owners[member]?["task"] ?? .null, "worker": owners[member]?["worker"] ?? .null]
        }
        facts["holders"] = .array(holders)
        let names = holders.map { holder in
            (holder["task"]?.string ?? "?") + (holder["worker"]?.string.map { " on \($0)" } ?? ", next to start")
        }
        return Explanation(
            id, .waitingForLimit,
            "It is over limit \(shown), which allows \(words.last ?? "?") at the same time: \(line). Held by "
                + (names.isEmpty ? "nobody" : names.joined(separator: "; ")) + ".",
            advice: "It runs when one of them ends.", facts: facts)
    }

    // MARK: scheduled

    private func explainScheduled(_ id: TaskID, _ fleet: FleetView) async throws -> Explanation? {
        guard let score = try await redis.send("ZSCORE", .init(keys.scheduled), .init(id.rawValue)).string,
            let due = Double(score).map({ $0 / 1000 })
        else { return nil }
        let held = try await redis.send("HGET", .init(keys.scheduledMessages), .init(id.rawValue)).bytes ?? []
        let lines = held.split(separator: UInt8(ascii: "\n"), maxSplits: 1)
        let list = lines.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        // One that cannot be read is shown without its name.
        let message = lines.count > 1 ? try? TaskMessage(decoding: Array(lines[1])) : nil
        let queue = keys.lists.queue(ofKey: list).rawValue
        var why = "Its time has not come"
        if let retries = message?.headers.retries, retries > 0 { why = "It is tried again, attempt \(retries + 1)" }
        if let message, message.headers.eta == nil { why = "It is over its task's rate limit" }
        let isPaused = fleet.paused.contains(list)
        return Explanation(
            id, .scheduled,
            "\(why): it goes to queue \(queue) at \(Self.text(due)), in \(Self.seconds(max(0, due - fleet.now)))."
                + (isPaused ? " That queue is paused." : ""),
            advice: fleet.workers.isEmpty
                ? "No worker of ours is alive, and only they move it then: start one." : nil,
            facts: [
                "due": .double(due), "queue": .string(queue), "paused": .bool(isPaused),
                "task": message.map { .string($0.headers.task) } ?? .null,
            ])
    }

    // MARK: queued

    private func explainQueued(_ id: TaskID, _ fleet: FleetView) async throws -> Explanation? {
        let names = Set(fleet.queues + [defaultQueue]).sorted { $0.rawValue < $1.rawValue }
        let lists = names.flatMap(keys.lists.keys)
        let reply = try await redis.run(
            Scripts.find, keys: [], arguments: [.init(id.rawValue), 2000] + lists.map { .init($0) })
        guard let found = reply.array, found.count == 4, let list = found[0].string, let before = found[1].int else {
            return nil
        }
        let queue = keys.lists.queue(ofKey: list)
        let message = found[3].bytes.flatMap { try? TaskMessage(decoding: $0) }  // not readable: found all the same
        let name = message?.headers.task
        let consumers = fleet.workers.filter { $0.value.contains(queue) }.keys.sorted()
        let isRevoked = try await !redis.send("ZSCORE", .init(keys.revoked), .init(id.rawValue)).isNull
        var facts: JSONObject = [
            "queue": .string(queue.rawValue), "before": .int(before), "length": .int(found[2].int ?? 0),
            "paused": .bool(fleet.paused.contains(list)), "consumers": .array(consumers.map(JSONValue.string)),
            "revoked": .bool(isRevoked), "priority": message?.properties.priority.map(JSONValue.int) ?? .null,
        ]
        facts["task"] = name.map(JSONValue.string) ?? .null
        var summary = "It is in queue \(queue) with \(before) before it"
        if let priority = message?.properties.priority, priority > 0 {
            summary += " at priority \(priority), behind all of a lower number"
        }
        summary += "."
        if isRevoked {
            return Explanation(
                id, .revoked, summary + " It is revoked: the worker that takes it will not run it.", facts: facts)
        }
        if fleet.paused.contains(list) {
            return Explanation(
                id, .queued, summary + " The queue is paused.", advice: "'skirret queues resume \(queue)'", facts: facts
            )
        }
        if consumers.isEmpty {
            return Explanation(
                id, .queued, summary + " No live worker of ours takes from it.",
                advice: "Start one with '--queues \(queue)'; 'celery inspect active_queues' shows Python's.",
                facts: facts)
        }
        if let name, !consumers.contains(where: { fleet.knows($0, name) }) {
            return Explanation(
                id, .queued, summary + " None of \(consumers.joined(separator: ", ")) lists task \(name).",
                advice: "It will wait for a worker that knows it; start one with '--queues \(queue)'.", facts: facts)
        }
        return Explanation(
            id, .queued, summary + " \(consumers.joined(separator: ", ")) will come to it.",
            advice: "More workers, or more '--concurrency', if that takes too long.", facts: facts)
    }

    // MARK: dead

    private func explainDead(_ id: TaskID) async throws -> Explanation? {
        for letter in try await deadLetters(limit: 1000) {
            guard String(decoding: letter.message, as: UTF8.self).contains("\"\(id.rawValue)\"") else { continue }
            return Explanation(
                id, .dead, "It was given up at \(Self.text(letter.at.timeIntervalSince1970)): \(letter.reason).",
                advice: "'skirret dead' lists it, with its message; it can be replayed from there.",
                facts: [
                    "reason": .string(letter.reason), "at": .double(letter.at.timeIntervalSince1970),
                    "queue": .string(letter.queue), "task": .string(letter.name),
                ])
        }
        return nil
    }

    // MARK: parents

    /// Looks for a message that will send this task when it ends: among those that run, and the next ones in line.
    private func explainParents(_ id: TaskID) async throws -> Explanation? {
        let held = try await redis.send("HSCAN", .init(keys.unacked), 0, "COUNT", 500).array?.last?.array ?? []
        let running = stride(from: 1, to: held.count, by: 2).compactMap { index -> TaskMessage? in
            // [envelope, exchange, routing key]; what is not is not ours to judge here.
            guard let bytes = held[index].bytes, let envelope = (try? JSONValue(parsing: bytes))?[0] else { return nil }
            return try? TaskMessage(decoding: envelope.encoded())
        }
        let lists = (try await redis.send("SMEMBERS", .init(keys.queues)).array ?? []).compactMap(\.string)
            .flatMap { keys.lists.keys(QueueName(rawValue: $0)) }
        let next = try await redis.pipeline(lists.map { RedisCommand("LRANGE", .init($0), -50, -1) })
            .flatMap { $0.array ?? [] }.compactMap { $0.bytes.flatMap { try? TaskMessage(decoding: $0) } }
        for parent in running + next {
            let parts = parent.headers.id
            if parent.body.chord?.taskID == id, let group = parent.headers.group {
                let base = keys.group(group)
                let counts = try await backend.pipeline([
                    RedisCommand("ZCARD", .init(base + ".j")), RedisCommand("GET", .init(base + ".s")),
                ])
                return Explanation(
                    id, .waitingForParents,
                    "It is the body of a chord: \(counts[0].int ?? 0) of \(counts[1].string ?? "?") parts are done, and "
                        + "\(parts) is among those that are not.",
                    advice: "'skirret explain \(parts)'",
                    facts: ["parent": .string(parts.rawValue), "done": .int(counts[0].int ?? 0)])
            }
            let later = parent.body.chain + parent.body.callbacks + parent.body.errbacks
            guard later.contains(where: { $0.taskID == id }) else { continue }
            return Explanation(
                id, .waitingForParents, "It is sent when \(parts) (\(parent.headers.task)) has ended.",
                advice: "'skirret explain \(parts)'", facts: ["parent": .string(parts.rawValue)])
        }
        return nil
    }

    // MARK: texts

    private static func head(of bytes: [UInt8]) -> JSONValue? {
        bytes.firstIndex(of: UInt8(ascii: "\n")).flatMap { try? JSONValue(parsing: Array(bytes[..<$0])) }
    }

    private static func text(_ unixSeconds: Double) -> String {
        Date(timeIntervalSince1970: unixSeconds).formatted(.iso8601)
    }

    private static func seconds(_ seconds: Double) -> String {
        String(format: seconds < 10 ? "%.1f s" : "%.0f s", seconds)
    }
}
