import CeleryProtocol
import Foundation
import Logging
import SkirretRedis

/// Answers `celery inspect` and `celery control`.
///
/// An allow-list: what ``WorkerOptions/remoteControl`` does not name is refused. Answered one after the other from a
/// thread of its own, never from behind the work. What commands do stands in `RemoteControl+….swift`, by topic; a
/// command more is a line in ``ControlCommand/all`` and a case in ``value(of:_:)``.
struct RemoteControl: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    let registry: TaskRegistry
    let held: HeldClaims
    let events: EventPublisher
    let settings: TaskSettings
    let worker: Worker
    let logger: Logger
    let began = Date()
    let memory = MemorySamples()

    /// Entries in one reply, and ids in one request.
    ///
    /// Replies are JSON in a list that somebody else pays for.
    static let mostEntries = 1_000

    /// Listens until cancelled.
    func run() async throws {
        guard !options.remoteControl.methods.isEmpty else { return try await untilCancelled() }
        let channel = FanoutChannel.control(database: queue.url.database, keyPrefix: queue.keys.prefix)
        try await queue.subscriber.withSubscription(patterns: [channel]) { messages in
            for try await push in messages {
                guard case .message(_, let payload) = push else {
                    await bind()
                    continue
                }
                do {
                    try await answer(ControlRequest(decoding: payload))
                } catch {
                    if Task.isCancelled { throw CancellationError() }
                    logger.warning("a remote control request was not answered", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    private func untilCancelled() async throws {
        while true { try await ContinuousClock().sleep(for: .seconds(86_400)) }
    }

    // MARK: being found

    private static func binding(of node: String) -> QueueBinding {
        QueueBinding(routingKey: "", queue: FanoutChannel.controlQueue(node: node))
    }

    /// Declares the worker's control queue, as kombu's workers do after each connect.
    private func bind() async {
        do { try await Self.bind(queue, node: options.name) } catch {
            // Requests come by publish in any case; the table is for those who count who listens.
            logger.debug("the control queue is not declared", metadata: ["error": "\(error)"])
        }
    }

    static func bind(_ queue: TaskQueue, node: String) async throws(RedisError) {
        try await queue.bindForAWhile(binding(of: node), to: FanoutChannel.controlExchange)
    }

    /// Takes a worker that leaves off the table of those who listen.
    static func leave(_ queue: TaskQueue, node: String) async throws(RedisError) {
        let table = queue.keys.binding(FanoutChannel.controlExchange)
        _ = try await queue.redis.send("SREM", .init(table), .init(binding(of: node).member()))
    }

    // MARK: one request

    private func answer(_ request: ControlRequest) async throws {
        let clock = events.tick(hearing: request.clock)
        guard request.isAddressed(to: options.name) else { return }
        if let expires = request.expires, expires < Date() { return }
        guard let value = await reply(to: request), let address = request.reply else { return }
        try await queue.reply(
            ControlReply(node: options.name, value: value, ticket: address.ticket, clock: clock), to: address)
    }

    /// The answer, errors included; nil where Celery gives none.
    private func reply(to request: ControlRequest) async -> JSONValue? {
        guard let command = ControlCommand.named(request.method) else {
            return ControlReply.unknownMethod(request.method)
        }
        guard options.remoteControl.allows(command) else {
            logger.notice("a remote control command is not allowed here", metadata: ["command": "\(command.name)"])
            return ControlReply.error(options.remoteControl.refusal(of: command))
        }
        do {
            let arguments = try ControlArguments(command, request.arguments)
            return try await value(of: command.name, arguments)
        } catch {
            return ControlReply.error(ControlFault(error).text)
        }
    }

    /// What one command answers, its arguments being there.
    private func value(of command: String, _ arguments: ControlArguments) async throws -> JSONValue? {
        switch command {
        case "ping": return ControlReply.ok("pong")
        case "hello": return try await hello(arguments)
        case "clock": return ["clock": .int(events.tick())]
        case "election": return .null
        case "active": return active(isSafe: arguments.flag("safe"))
        case "reserved": return reserved
        case "scheduled": return try await scheduled()
        case "query_task": return try await query(arguments.texts("ids"))
        case "registered": return registered(arguments)
        case "active_queues": return .array(worker.queues.map(description(of:)))
        case "revoked": return .array(try await queue.revokedIDs(most: Self.mostEntries).map { JSONValue($0) })
        case "stats": return stats
        case "conf": return configuration(withDefaults: arguments.flag("with_defaults"))
        case "report": return ControlReply.ok(.string(report))
        case "memsample": return memory.sample().map(JSONValue.string) ?? .null
        case "memdump": return .string(memory.dump(arguments.whole("samples") ?? 10))
        case "objgraph": throw ControlFault(raising: "ImportError", "Requires the objgraph library")
        case "revoke": return try await revoke(arguments, terminate: arguments.flag("terminate"))
        case "terminate": return try await revoke(arguments, terminate: true)
        case "revoke_by_stamped_headers": return try await revokeStamps(arguments)
        case "rate_limit": return try limitRate(arguments)
        case "time_limit": return try limitTime(arguments)
        case "pool_grow": return try resize(by: arguments.whole("n") ?? 1, "grow")
        case "pool_shrink": return try resize(by: -(arguments.whole("n") ?? 1), "shrink")
        case "pool_restart": throw ControlFault(raising: "ValueError", "Pool restarts not enabled")
        case "autoscale": return try autoscale(arguments)
        case "add_consumer": return try await addConsumer(arguments)
        case "cancel_consumer": return try cancelConsumer(arguments)
        case "enable_events": return enableEvents(true)
        case "disable_events": return enableEvents(false)
        case "heartbeat":
            await events.heartbeat()
            return .null
        case "shutdown":
            logger.notice("remote control asks for a shutdown")
            worker.stop()
            return nil
        default: return ControlReply.unknownMethod(command)
        }
    }
}
