public import CeleryProtocol
import Foundation
import SkirretRedis

extension TaskQueue {
    /// Asks workers, ours and Celery's, by a remote control command.
    ///
    /// The commands are ``ControlCommand/all``; whether a worker obeys is its own affair.
    ///
    /// - Parameters:
    ///   - method: The command.
    ///   - arguments: Its arguments by name.
    ///   - target: Who is meant; all when nobody is named.
    ///   - timeout: How long to wait for answers; waits for all of it unless everybody who was named has answered.
    /// - Returns: The answers in the order in which they came. An empty list means that nobody listens, or that the
    ///   command is one that gives no answer, such as `shutdown`.
    /// - Throws: `RedisError` when the broker does not answer.
    public func ask(
        _ method: String, _ arguments: JSONObject = [:], of target: ControlTarget = .all,
        within timeout: Duration = .seconds(1)
    ) async throws -> [ControlReply] {
        let address = ControlRequest.ReplyAddress(routingKey: TaskID.random().rawValue)
        let binding = QueueBinding(routingKey: address.routingKey, queue: address.queue)
        try await bindForAWhile(binding, to: address.exchange)
        let replies: [ControlReply]
        do {
            try await broadcast(method, arguments, to: target, reply: address, within: timeout)
            replies = try await collect(address, of: target, until: .now + timeout)
        } catch {
            // The reply list and the binding expire by themselves when the broker is away.
            try? await forget(binding, address)
            throw error
        }
        try await forget(binding, address)
        return replies
    }

    /// Sends a remote control command to workers and waits for no answer.
    ///
    /// - Parameters:
    ///   - method: The command.
    ///   - arguments: Its arguments by name.
    ///   - target: Who is meant; all when nobody is named.
    /// - Throws: `RedisError` when the broker does not answer.
    public func broadcast(_ method: String, _ arguments: JSONObject = [:], to target: ControlTarget = .all)
        async throws
    {
        try await broadcast(method, arguments, to: target, reply: nil, within: nil)
    }

    private func broadcast(
        _ method: String, _ arguments: JSONObject, to target: ControlTarget, reply: ControlRequest.ReplyAddress?,
        within timeout: Duration?
    ) async throws(RedisError) {
        let request = ControlRequest(
            method: method, arguments: arguments, target: target, reply: reply, clock: 1,
            expires: timeout.map { Date() + $0.seconds })
        let channel = FanoutChannel.control(database: url.database, keyPrefix: keys.prefix)
        _ = try await redis.send("PUBLISH", .init(channel), .init(request.encoded()))
    }

    /// How often a client looks for answers: soon enough for people, and no load for Redis.
    private static let pause = Duration.milliseconds(25)

    private func collect(
        _ address: ControlRequest.ReplyAddress, of target: ControlTarget, until end: ContinuousClock.Instant
    ) async throws -> [ControlReply] {
        let list = RedisArgument(keys.prefix + address.queue.rawValue)
        var wanted = Int.max
        if case .nodes(let names) = target { wanted = Set(names).count }
        var replies: [ControlReply] = []
        while true {
            let isLast = ContinuousClock.now >= end
            for bytes in try await redis.send("RPOP", list, 100).array?.compactMap(\.bytes) ?? [] {
                // What is no reply to this question says nothing about the others.
                guard let reply = try? ControlReply(decoding: bytes), reply.ticket == address.ticket else { continue }
                replies.append(reply)
            }
            if isLast || replies.count >= wanted { return replies }
            try await ContinuousClock().sleep(for: Self.pause)
        }
    }

    private func forget(_ binding: QueueBinding, _ address: ControlRequest.ReplyAddress) async throws(RedisError) {
        _ = try await redis.pipeline([
            RedisCommand("SREM", .init(keys.binding(address.exchange)), .init(binding.member())),
            RedisCommand("DEL", .init(keys.prefix + address.queue.rawValue)),
        ])
    }
}

// MARK: - The worker's side

extension TaskQueue {
    /// Hands a reply to its asker, unless that one has left.
    ///
    /// One round trip.
    func reply(_ reply: ControlReply, to address: ControlRequest.ReplyAddress) async throws(RedisError) {
        // The exchange is the asker's word: no other may choose where we write.
        guard address.exchange == FanoutChannel.replyExchange else { return }
        let member = QueueBinding(routingKey: address.routingKey, queue: address.queue).member()
        _ = try await redis.run(
            Scripts.reply, keys: [keys.binding(address.exchange), keys.prefix + address.queue.rawValue],
            arguments: [.init(member), .init(reply.encoded(to: address)), 60, 10_000])
    }

    /// Binds a queue that expires with its owner.
    func bindForAWhile(_ binding: QueueBinding, to exchange: String) async throws(RedisError) {
        _ = try await redis.run(
            Scripts.bindForAWhile, keys: [keys.binding(exchange), keys.bindingDeadlines],
            arguments: [.init(binding.member()), .init(exchange), 3_600_000])
    }

    /// Binds a queue to an exchange for good.
    func bind(_ binding: QueueBinding, to exchange: String) async throws(RedisError) {
        _ = try await redis.pipeline(
            [keys.binding(exchange), keys.permanentBinding(exchange)].map {
                RedisCommand("SADD", .init($0), .init(binding.member()))
            })
    }
}
