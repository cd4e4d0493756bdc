import CeleryProtocol
import Foundation
import SkirretRedis

/// What the worker has: active, reserved, scheduled, registered tasks.
extension RemoteControl {
    func active(isSafe: Bool) -> JSONValue {
        .array(held.all.filter { $0.began != nil }.prefix(Self.mostEntries).compactMap { info($0, isSafe: isSafe) })
    }

    var reserved: JSONValue {
        .array(held.all.filter { $0.began == nil }.prefix(Self.mostEntries).compactMap { info($0) })
    }

    /// Those that are due first.
    ///
    /// They wait in Redis and in no worker: each worker shows those of the queues it takes from.
    func scheduled() async throws -> JSONValue {
        let reply = try await queue.redis.send(
            "ZRANGE", .init(queue.keys.scheduled), 0, .init(Self.mostEntries - 1), "WITHSCORES")
        let parts = (reply.array ?? []).compactMap(\.string)
        let due = stride(from: 0, to: parts.count - 1, by: 2).map { (id: parts[$0], at: Double(parts[$0 + 1]) ?? 0) }
        let waiting = try await scheduledMessages(due.map(\.id))
        let lists = Set(worker.queues.flatMap { queue.keys.lists.keys($0) })
        return .array(
            due.compactMap { entry in
                guard let (list, message) = waiting[entry.id], lists.contains(list) else { return nil }
                let eta = message.headers.eta ?? Date(timeIntervalSince1970: entry.at / 1000)
                // Celery's own number for all of its timers.
                return ["eta": .string(WireDate.text(eta)), "priority": 6, "request": info(message)]
            })
    }

    func query(_ ids: [String]) async throws -> JSONValue {
        let ids = Array(ids.prefix(Self.mostEntries))
        var answer = JSONObject()
        for (id, (_, message)) in try await scheduledMessages(ids) { answer[id] = ["scheduled", info(message)] }
        let asked = Set(ids)
        for claim in held.all {
            guard let id = claim.message?.headers.id.rawValue, asked.contains(id), let info = info(claim) else {
                continue
            }
            answer[id] = [claim.began == nil ? "reserved" : "active", info]
        }
        return .object(answer)
    }

    /// The messages that wait for their time, by task id, with the list they will go to.
    private func scheduledMessages(_ ids: [String]) async throws -> [String: (list: String, message: TaskMessage)] {
        guard !ids.isEmpty else { return [:] }
        let reply = try await queue.redis.send(
            RedisCommand("HMGET", arguments: [.init(queue.keys.scheduledMessages)] + ids.map { .init($0) }))
        var found: [String: (String, TaskMessage)] = [:]
        for (id, value) in zip(ids, reply.array ?? []) {
            guard let bytes = value.bytes, let line = bytes.firstIndex(of: UInt8(ascii: "\n")),
                // One that cannot be read goes to the dead letters when it is due; it is not shown here.
                let message = try? TaskMessage(decoding: Array(bytes[(line + 1)...]))
            else { continue }
            found[id] = (String(decoding: bytes[..<line], as: UTF8.self), message)
        }
        return found
    }

    // MARK: registered

    func registered(_ arguments: ControlArguments) -> JSONValue {
        let asked = (arguments["taskinfoitems"]?.array ?? []).compactMap(\.string).filter { !$0.hasPrefix("_") }
        let items = asked.isEmpty ? ["exchange", "routing_key", "rate_limit"] : asked.prefix(20).map(\.self)
        let isComplete = arguments.flag("builtins")
        let names = registry.names.filter { isComplete || !$0.hasPrefix("celery.") }
        return .array(
            names.map { name in
                guard let task = registry[name] else { return .string(name) }
                let facts = items.compactMap { item in fact(item, of: task).map { "\(item)=\($0)" } }
                return .string(facts.isEmpty ? name : "\(name) [\(facts.joined(separator: " "))]")
            })
    }

    /// One attribute of a task under Celery's name, as Python prints it; nil when it is not set.
    private func fact(_ item: String, of task: RegisteredTask) -> String? {
        func seconds(_ value: Double?) -> String? { value.map { pythonRepr(.double($0)) } }
        func word(_ value: Bool) -> String { value ? "True" : "False" }
        return switch item {
        case "name": task.name
        case "rate_limit": settings.rateLimit(of: task)?.celery
        case "max_retries": String(task.options.retry.maximum)
        case "soft_time_limit": seconds(settings.timeLimits(of: task)?.soft)
        case "time_limit": seconds(settings.timeLimits(of: task)?.hard)
        case "acks_late": word(task.options.acknowledgement == .late)
        case "ignore_result": word(task.options.ignoresResult)
        case "track_started": word(options.tracksStarted)
        case "queue", "routing_key": task.options.queue?.rawValue
        case "serializer": "json"
        default: nil
        }
    }

    // MARK: shapes

    private func info(_ claim: HeldClaim, isSafe: Bool = false) -> JSONValue? {
        claim.message.map {
            info($0, began: claim.began, isAcknowledged: claim.isAcknowledged, isSafe: isSafe)
        }
    }

    /// Celery's request info.
    private func info(
        _ message: TaskMessage, began: Date? = nil, isAcknowledged: Bool = false, isSafe: Bool = false
    ) -> JSONValue {
        let headers = message.headers
        return [
            "id": .string(headers.id.rawValue), "name": .string(headers.task),
            "args": isSafe
                ? .string(headers.argsRepr ?? pythonTupleRepr(message.body.args))
                : bounded(.array(message.body.args)) { pythonTupleRepr(message.body.args) },
            "kwargs": isSafe
                ? .string(headers.kwargsRepr ?? pythonRepr(.object(message.body.kwargs)))
                : bounded(.object(message.body.kwargs)) { pythonRepr(.object(message.body.kwargs)) },
            "type": .string(headers.task), "hostname": .string(options.name),
            "time_start": began.map { .double($0.timeIntervalSince1970) } ?? .null,
            "acknowledged": .bool(isAcknowledged),
            "delivery_info": [
                "exchange": .string(message.properties.exchange),
                "routing_key": .string(message.properties.routingKey),
                "priority": .int(message.properties.priority ?? 0), "redelivered": .bool(headers.redelivered),
            ],
            "worker_pid": began == nil ? .null : .int(Int(ProcessInfo.processInfo.processIdentifier)),
        ]
    }

    /// Large arguments are shown as Python prints them, cut: a reply of gigabytes helps nobody.
    private func bounded(_ value: JSONValue, _ text: () -> String) -> JSONValue {
        value.encoded().count <= 8_192 ? value : .string(text())
    }
}
