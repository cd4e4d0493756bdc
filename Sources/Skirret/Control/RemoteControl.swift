import CeleryProtocol
import Foundation
import Logging
import SkirretRedis

/// Answers `celery inspect` and `celery control`.
///
/// An allow-list: what is not named here is refused. Answered from a task of its own, never from behind the work.
struct RemoteControl: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    let registry: TaskRegistry
    let held: HeldClaims
    let events: EventPublisher
    let stop: @Sendable () -> Void
    let logger: Logger
    let began = Date()

    /// Listens until cancelled.
    func run() async throws {
        let channel = FanoutChannel.control(database: queue.url.database, keyPrefix: queue.keys.prefix)
        try await queue.subscriber.withSubscription(patterns: [channel]) { messages in
            for try await push in messages {
                guard case .message(_, let payload) = push else { continue }
                do {
                    try await answer(ControlRequest(decoding: payload))
                } catch {
                    logger.warning("a remote control request was not answered", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private func answer(_ request: ControlRequest) async throws {
        let clock = events.tick(hearing: request.clock)
        guard request.isAddressed(to: options.name) else { return }
        if let expires = request.expires, expires < Date() { return }
        guard let value = try await value(request) else { return }
        guard let address = request.reply else { return }
        let reply = ControlReply(node: options.name, value: value, ticket: address.ticket, clock: clock)
        // Nobody waits any more when the asker's binding is gone; a reply would lie there for ever.
        let binding = queue.keys.binding(address.exchange)
        let member = QueueBinding(routingKey: address.routingKey, queue: address.queue).member()
        guard try await queue.redis.send("SISMEMBER", .init(binding), .init(member)).int == 1 else { return }
        let list = RedisArgument(queue.keys.prefix + address.queue.rawValue)
        _ = try await queue.redis.pipeline([
            RedisCommand("LPUSH", list, .init(reply.encoded(to: address))), RedisCommand("EXPIRE", list, 60),
        ])
    }

    /// The answer; nil where Celery gives none.
    private func value(_ request: ControlRequest) async throws -> JSONValue? {
        switch request.method {
        case "ping": return ControlReply.ok("pong")
        case "hello": return try await hello(request)
        case "stats": return stats
        case "active", "dump_active":
            return .array(held.all.filter { $0.began != nil }.compactMap(info))
        case "reserved", "dump_reserved":
            return .array(held.all.filter { $0.began == nil }.compactMap(info))
        case "scheduled", "dump_schedule": return []
        case "registered", "dump_tasks": return .array(registry.names.map(JSONValue.string))
        case "active_queues": return .array(options.queues.map(activeQueue))
        case "revoked", "dump_revoked": return try await .array(revoked())
        case "query_task": return query(request)
        case "clock": return ["clock": .int(events.tick())]
        case "revoke", "terminate": return try await revoke(request)
        case "enable_events":
            return ControlReply.ok(
                .string(events.enableTaskEvents(true) ? "task events enabled" : "task events already enabled"))
        case "disable_events":
            return ControlReply.ok(
                .string(events.enableTaskEvents(false) ? "task events disabled" : "task events already disabled"))
        case "heartbeat":
            await events.heartbeat()
            return .null
        case "shutdown":
            stop()
            return nil
        default: return ControlReply.unknownMethod(request.method)
        }
    }

    private func hello(_ request: ControlRequest) async throws -> JSONValue? {
        guard request.arguments["from_node"]?.string != options.name else { return nil }
        return ["revoked": .array(try await revoked()), "clock": .int(events.tick())]
    }

    /// Capped: left-over replies have been seen to fill gigabytes.
    private func revoked() async throws -> [JSONValue] {
        let ids = try await queue.redis.send("ZREVRANGE", .init(queue.keys.revoked), 0, 999).array ?? []
        return ids.reversed().compactMap { $0.string.map(JSONValue.string) }
    }

    private func revoke(_ request: ControlRequest) async throws -> JSONValue {
        let given = request.arguments["task_id"]
        let ids = (given?.array ?? given.map { [$0] } ?? []).compactMap(\.string).map(TaskID.init(rawValue:))
        let isTerminated = request.method == "terminate" || request.arguments["terminate"]?.bool ?? false
        try await queue.revoke(ids, terminate: isTerminated)
        let running = isTerminated ? ids.filter { held.stop(task: $0, .terminated) } : []
        let names = ids.map { pythonRepr(.string($0.rawValue)) }.joined(separator: ", ")
        guard isTerminated else { return ControlReply.ok(.string("tasks {\(names)} flagged as revoked")) }
        let stopped = running.map(\.rawValue).joined(separator: ", ")
        return ControlReply.ok(.string(stopped.isEmpty ? "terminate: tasks unknown" : "terminate: \(stopped)"))
    }

    private func query(_ request: ControlRequest) -> JSONValue {
        let given = request.arguments["ids"]
        let ids = Set((given?.array ?? given.map { [$0] } ?? []).compactMap(\.string))
        var answer = JSONObject()
        for claim in held.all {
            guard let id = claim.message?.headers.id.rawValue, ids.contains(id), let info = info(claim) else {
                continue
            }
            answer[id] = [claim.began == nil ? "reserved" : "active", info]
        }
        return .object(answer)
    }

    // MARK: shapes

    private func info(_ claim: HeldClaims.Held) -> JSONValue? {
        guard let message = claim.message else { return nil }
        return [
            "id": .string(message.headers.id.rawValue), "name": .string(message.headers.task),
            "args": .array(message.body.args), "kwargs": .object(message.body.kwargs),
            "type": .string(message.headers.task), "hostname": .string(options.name),
            "time_start": claim.began.map { .double($0.timeIntervalSince1970) } ?? .null,
            "acknowledged": .bool(claim.isAcknowledged), "worker_pid": .int(pid),
            "delivery_info": [
                "exchange": .string(message.properties.exchange),
                "routing_key": .string(message.properties.routingKey),
                "priority": .int(message.properties.priority ?? 0), "redelivered": .bool(message.headers.redelivered),
            ],
        ]
    }

    private func activeQueue(_ name: QueueName) -> JSONValue {
        [
            "name": .string(name.rawValue), "routing_key": .string(name.rawValue), "durable": true, "exclusive": false,
            "auto_delete": false, "no_ack": false, "alias": nil, "bindings": [], "no_declare": nil, "expires": nil,
            "message_ttl": nil, "max_length": nil, "max_length_bytes": nil, "max_priority": nil,
            "queue_arguments": nil, "binding_arguments": nil, "consumer_arguments": nil,
            "exchange": [
                "name": .string(name.rawValue), "type": "direct", "arguments": nil, "durable": true, "passive": false,
                "auto_delete": false, "delivery_mode": nil, "no_declare": false,
            ],
        ]
    }

    private var pid: Int { Int(ProcessInfo.processInfo.processIdentifier) }

    private var stats: JSONValue {
        var total = JSONObject()
        for (name, count) in events.processed.sorted(by: { $0.key < $1.key }) { total[name] = .int(count) }
        let address: (String, JSONValue) =
            switch queue.url.address {
            case .tcp(let host, let port): (host, .int(port))
            case .unix(let path): (path, nil)
            case .sentinel(let sentinels): (sentinels.description, nil)
            }
        return [
            "total": .object(total), "pid": .int(pid), "clock": .string(String(events.tick())),
            "uptime": .int(Int(Date().timeIntervalSince(began))), "prefetch_count": .int(options.concurrency),
            "pool": [
                "implementation": "skirret", "max-concurrency": .int(options.concurrency), "processes": [.int(pid)],
                "max-tasks-per-child": "N/A", "put-guarded-by-semaphore": true, "timeouts": [nil, nil], "writes": [:],
            ],
            "broker": [
                "hostname": .string(address.0), "port": address.1,
                "virtual_host": .string(String(queue.url.database)), "transport": "redis", "userid": nil, "ssl": false,
                "heartbeat": 0, "connect_timeout": 1, "transport_options": [:], "failover_strategy": "round-robin",
                "alternates": [], "uri_prefix": nil, "insist": false, "login_method": nil,
            ],
            "rusage": [:],
        ]
    }
}
