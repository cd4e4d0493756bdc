public import CeleryProtocol
import Foundation
package import SkirretRedis

extension TaskDefinition {
    /// Enqueues a call.
    ///
    /// - Parameters:
    ///   - argument: The task's arguments.
    ///   - queue: The broker.
    /// - Returns: A handle on the result.
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds.
    @discardableResult
    public func delay(_ argument: repeat each Parameter, on queue: TaskQueue) async throws -> TaskHandle<Output> {
        try await send(encode(repeat each argument), on: queue, options: [])
    }

    /// Enqueues a call with options of its own.
    ///
    /// - Parameters:
    ///   - argument: The task's arguments.
    ///   - queue: The broker.
    ///   - options: How this call differs from the task's own options.
    /// - Returns: A handle on the result.
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds.
    @discardableResult
    public func call(
        _ argument: repeat each Parameter, on queue: TaskQueue, _ options: CallOption...
    ) async throws -> TaskHandle<Output> {
        try await send(encode(repeat each argument), on: queue, options: options)
    }

    private func send(
        _ args: [JSONValue], on queue: TaskQueue, options changes: [CallOption]
    ) async throws -> TaskHandle<Output> {
        var options = options(changedBy: changes)
        if options.unique == nil { options.unique = self.options.uniqueness?.call(of: name, args, [:]) }
        let id = try await queue.send(name, args: args, options: options)
        return TaskHandle(id: id, queue: queue)
    }
}

extension TaskDefinition {
    /// The task's own options, and what a call changes.
    func options(changedBy changes: [CallOption]) -> CallOptions {
        var options = CallOptions()
        if self.options.ignoresResult { options.ignoresResult = true }
        for change in changes { change.change(&options) }
        if options.queue == nil, options.exchange == nil { options.queue = self.options.queue }
        return options
    }
}

extension TaskQueue {
    /// Enqueues a call of a task that is known by name only.
    ///
    /// - Parameters:
    ///   - task: The task's name.
    ///   - args: Positional arguments.
    ///   - kwargs: Keyword arguments.
    ///   - options: Queue, delay, priority and the like.
    /// - Returns: The task's id.
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds, ``UnroutableMessage`` when
    ///   it names an exchange that gives it to no queue.
    @discardableResult
    public func send(
        _ task: String, args: [JSONValue] = [], kwargs: JSONObject = [:], options: CallOptions = .init()
    ) async throws -> TaskID {
        let target = queue(for: task, options)
        let id = options.id ?? .random()
        if let template = template(for: task, to: target, options) {
            let bytes = template.encoded(id: id, args: args, kwargs: kwargs)
            try await publishing(options.publishRetry) {
                try await enqueue(bytes, id: id, queue: target, list: keys.queue(target, priority: options.priority))
            }
            return id
        }
        var message = message(task, id: id, args: args, kwargs: kwargs, queue: target, options)
        let delay = try await setTimes(of: &message, options)
        if let unique = options.unique {
            message.headers.unique = (unique.name, unique.span)
            return try await enqueue(message, unique: unique, queue: target, delay: delay)
        }
        if message.properties.exchange.isEmpty {
            try await publishing(options.publishRetry) { [message] in
                try await enqueue(message, queue: target, delay: delay)
            }
        } else {
            try await put([.init(message: message, delay: delay)], retry: options.publishRetry)
        }
        await tellSent([message])
        RunningTask.current?.note([ResultNode(task: message.headers.id)])
        return message.headers.id
    }

    /// A call as a message, without its times.
    func message(
        _ task: String, id: TaskID, args: [JSONValue], kwargs: JSONObject, queue: QueueName, _ options: CallOptions
    ) -> TaskMessage {
        var message = TaskMessage(task: task, id: id, args: args, kwargs: kwargs, queue: queue)
        message.headers.origin = Self.origin
        options.apply(to: &message)
        message.inherit()
        return message
    }

    /// Where a call goes that names no exchange: the call's queue, the route's, the default.
    func queue(for task: String, _ options: CallOptions = .init()) -> QueueName {
        if let queue = options.queue { return queue }
        if options.exchange == nil, let key = options.routingKey { return QueueName(rawValue: key) }
        return routes.queue(for: task) ?? defaultQueue
    }

    /// Puts down when a message may run; gives how long it has to wait.
    ///
    /// Reckoned from Redis's clock, which costs a round trip for calls that have such a time: ours may be wrong.
    private func setTimes(of message: inout TaskMessage, _ options: CallOptions) async throws(RedisError) -> Duration {
        options.setTimes(of: &message, now: options.needsClock ? try await brokerTime() : Date())
    }

    /// Puts one finished message where it belongs: its queue, or the scheduled set.
    ///
    /// Idempotent by the task's id, so that a call is made again when a connection breaks before its answer.
    package func enqueue(_ message: TaskMessage, queue: QueueName, delay: Duration = .zero) async throws(RedisError) {
        try await announce(queue)
        let list = keys.queue(queue, priority: message.properties.priority)
        if delay <= .zero, let turn = FairTurn(message.headers) {
            return try await enqueue(message, queue: queue, to: list, in: turn)
        }
        try await enqueue(message.encoded(), id: message.headers.id, queue: queue, list: list, delay: delay)
    }

    /// Puts the bytes of one message into a list of a queue, or into the scheduled set.
    private func enqueue(
        _ bytes: [UInt8], id: TaskID, queue: QueueName, list: String, delay: Duration = .zero
    ) async throws(RedisError) {
        try await announce(queue)
        let arguments: [RedisArgument] = [
            .init(bytes), .init(id.rawValue), .init(delay.milliseconds), 30,
            .init(delay > .zero ? keys.wake : keys.wake(list)),
        ]
        let names = [
            list, keys.marker(id.rawValue), keys.scheduled, keys.scheduledMessages, keys.binding(queue.rawValue),
        ]
        try await accept(Scripts.enqueue, for: queue, keys: names, arguments: arguments)
    }

    /// Makes an idempotent call again when its connection breaks before the answer.
    func accept(
        _ script: RedisScript, for queue: QueueName, keys names: [String], arguments: [RedisArgument]
    ) async throws(RedisError) {
        // Not after a deadline passed in silence: nobody waits longer than that for a broker.
        let end = ContinuousClock.now + .seconds(1)
        while true {
            do {
                let reply = try await redis.run(script, keys: names, arguments: arguments)
                if reply.int == 2 { await announceAnew([queue]) }
                return
            } catch {
                guard error.code == .closed, .now < end, !Task.isCancelled else { throw error }
            }
        }
    }

    /// `gen<pid>@<host>`, as Celery's clients sign their messages.
    package static let origin = "gen\(ProcessInfo.processInfo.processIdentifier)@\(ProcessInfo.processInfo.hostName)"
}

extension Duration {
    /// Fractional seconds.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
    /// Whole milliseconds, rounded up, so that nothing is ever due too early.
    package var milliseconds: Int { Int((seconds * 1000).rounded(.up)) }
}
