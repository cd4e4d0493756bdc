import CeleryProtocol
import Logging
import SkirretRedis

/// Asks the other workers at the start what they know: their clocks, and which tasks are revoked.
///
/// Ours keep revocations in Redis; those of Celery know them from memory only, and tell them to whoever asks.
struct Mingle: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    let events: EventPublisher
    let logger: Logger

    /// Asks once and takes over what comes back within a second, as Celery's workers do.
    func run() async {
        do {
            let known = try await queue.revokedIDs(most: RemoteControl.mostEntries)
            let replies = try await queue.ask(
                "hello", ["from_node": .string(options.name), "revoked": .array(known.map { JSONValue($0) })])
            for reply in replies where reply.node != options.name { try await take(over: reply) }
        } catch {
            guard !Task.isCancelled else { return }
            logger.info("the other workers were not asked what they know", metadata: ["error": "\(error)"])
        }
    }

    private func take(over reply: ControlReply) async throws(RedisError) {
        events.tick(hearing: reply.value["clock"]?.int ?? 0)
        try await queue.remember(revoked: Self.ids(in: reply.value["revoked"]), isHearsay: true)
        logger.debug("heard from another worker", metadata: ["worker": "\(reply.node)"])
    }

    /// A list of ids; older workers send an object of them.
    static func ids(in revoked: JSONValue?) -> [TaskID] {
        let texts = revoked?.array?.compactMap(\.string) ?? revoked?.object?.keys ?? []
        return texts.filter { !$0.isEmpty && $0.utf8.count <= 255 }.map { TaskID(rawValue: $0) }
    }
}

extension RemoteControl {
    /// What a starting worker wants to know, and what it knows.
    func hello(_ arguments: ControlArguments) async throws -> JSONValue? {
        guard try arguments.text("from_node") != options.name else { return nil }
        try await queue.remember(revoked: Mingle.ids(in: arguments["revoked"]), isHearsay: true)
        // Capped: left-over replies have been seen to fill gigabytes.
        let ids = try await queue.revokedIDs(most: Self.mostEntries)
        return ["revoked": .array(ids.map { JSONValue($0) }), "clock": .int(events.tick())]
    }
}
