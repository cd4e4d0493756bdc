public import CeleryProtocol
public import Foundation
package import SkirretRedis

/// How one call differs from the task's own options.
///
/// The names are those of Celery's `apply_async`.
public struct CallOptions: Sendable {
    /// The list the message goes to.
    public var queue: QueueName?
    /// Not before so long from now.
    public var countdown: Duration?
    /// Not before this instant.
    public var eta: Date?
    /// Not after this instant: a message that comes too late is revoked.
    public var expires: Date?
    /// Not later than so long from now; counts where ``expires`` is nil.
    public var expiresIn: Duration?
    /// 0 is served first, 9 last, as in kombu's Redis transport.
    public var priority: Int?
    /// The task's id; a call with an id that was just used is accepted once.
    public var id: TaskID?
    /// Seconds until the soft and the hard time limit.
    public var timeLimits: TimeLimits?
    /// No result is stored.
    public var ignoresResult: Bool?
    /// Sent when the task succeeded, with its result in front of their arguments.
    public var link: [Signature] = []
    /// Sent when the task failed, with its id in front of their arguments.
    public var linkError: [Signature] = []
    /// Further headers, for the task to read.
    public var headers: JSONObject = [:]

    /// Options that change nothing.
    public init() {}
}

/// One change of a call's options: `.countdown(.seconds(30))`.
public struct CallOption: Sendable {
    let change: @Sendable (inout CallOptions) -> Void

    /// Not before so long from now.
    public static func countdown(_ delay: Duration) -> CallOption { CallOption { $0.countdown = delay } }
    /// Not before this instant.
    public static func eta(_ date: Date) -> CallOption { CallOption { $0.eta = date } }
    /// Not later than so long from now.
    public static func expires(in duration: Duration) -> CallOption {
        CallOption { $0.expiresIn = duration }
    }
    /// 0 is served first, 9 last.
    public static func priority(_ priority: Int) -> CallOption { CallOption { $0.priority = priority } }
    /// The list the message goes to.
    public static func queue(_ queue: QueueName) -> CallOption { CallOption { $0.queue = queue } }
    /// The task's id.
    public static func id(_ id: TaskID) -> CallOption { CallOption { $0.id = id } }
    /// Sent when the task succeeded.
    public static func link(_ signature: Signature) -> CallOption { CallOption { $0.link.append(signature) } }
    /// Sent when the task failed.
    public static func linkError(_ signature: Signature) -> CallOption { CallOption { $0.linkError.append(signature) } }
    /// No result is stored.
    public static var ignoringResult: CallOption { CallOption { $0.ignoresResult = true } }
}

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

    /// The call as a value, for chains and callbacks.
    ///
    /// Celery's `s()`.
    public func s(_ argument: repeat each Parameter) throws -> Signature {
        Signature(task: name, args: try encode(repeat each argument))
    }

    private func send(
        _ args: [JSONValue], on queue: TaskQueue, options changes: [CallOption]
    ) async throws -> TaskHandle<Output> {
        var options = CallOptions()
        options.queue = self.options.queue
        if self.options.ignoresResult { options.ignoresResult = true }
        for change in changes { change.change(&options) }
        let id = try await queue.send(name, args: args, options: options)
        return TaskHandle(id: id, queue: queue)
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
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds.
    @discardableResult
    public func send(
        _ task: String, args: [JSONValue] = [], kwargs: JSONObject = [:], options: CallOptions = .init()
    ) async throws -> TaskID {
        let queue = options.queue ?? defaultQueue
        var message = TaskMessage(task: task, id: options.id ?? .random(), args: args, kwargs: kwargs, queue: queue)
        message.headers.origin = Self.origin
        message.headers.ignoreResult = options.ignoresResult
        for (name, value) in options.headers { message.headers.fields[name] = value }
        if let limits = options.timeLimits { message.headers.timeLimit = limits }
        if let priority = options.priority { message.properties.priority = priority }
        if !options.link.isEmpty { message.body.callbacks = options.link }
        if !options.linkError.isEmpty { message.body.errbacks = options.linkError }
        let delay = try await setTimes(of: &message, options)
        try await enqueue(message, queue: queue, delay: delay)
        return message.headers.id
    }

    /// Puts down when a message may run; gives how long it has to wait.
    ///
    /// Reckoned from Redis's clock, which costs a round trip for calls that have such a time: ours may be wrong.
    private func setTimes(of message: inout TaskMessage, _ options: CallOptions) async throws(RedisError) -> Duration {
        message.headers.expires = options.expires
        guard options.countdown != nil || options.eta != nil || options.expiresIn != nil else { return .zero }
        let now = try await brokerTime()
        if options.expires == nil, let lifetime = options.expiresIn { message.headers.expires = now + lifetime.seconds }
        let eta = options.countdown.map { now + $0.seconds } ?? options.eta
        guard let eta, eta > now else { return .zero }
        message.headers.eta = eta
        return .seconds(eta.timeIntervalSince(now))
    }

    /// Puts one finished message where it belongs: its queue, or the scheduled set.
    ///
    /// Idempotent by the task's id, so that a call is made again when a connection breaks before its answer.
    package func enqueue(_ message: TaskMessage, queue: QueueName, delay: Duration = .zero) async throws(RedisError) {
        try await announce(queue)
        let list = keys.queue(queue, priority: message.properties.priority)
        let arguments: [RedisArgument] = [
            .init(message.encoded()), .init(message.headers.id.rawValue), .init(delay.milliseconds), 30,
            .init(QueueBinding(queue: queue).member()), .init(keys.wake),
        ]
        let names = [
            list, keys.marker(message.headers.id.rawValue), keys.scheduled, keys.scheduledMessages,
            keys.binding(queue.rawValue), keys.permanentBinding(queue.rawValue),
        ]
        // Not after a deadline passed in silence: nobody waits longer than that for a broker.
        let end = ContinuousClock.now + .seconds(1)
        while true {
            do {
                _ = try await redis.run(Scripts.enqueue, keys: names, arguments: arguments)
                return
            } catch {
                guard error.code == .closed, .now < end, !Task.isCancelled else { throw error }
            }
        }
    }

    /// `gen<pid>@<host>`, as Celery's clients sign their messages.
    static let origin = "gen\(ProcessInfo.processInfo.processIdentifier)@\(ProcessInfo.processInfo.hostName)"
}

extension Duration {
    /// Fractional seconds.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
    /// Whole milliseconds, rounded up, so that nothing is ever due too early.
    package var milliseconds: Int { Int((seconds * 1000).rounded(.up)) }
}
