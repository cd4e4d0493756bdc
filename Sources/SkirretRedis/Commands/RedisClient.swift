public import Logging
import NIOCore
import NIOPosix

/// One connection to Redis that many tasks share.
///
///     let redis = RedisClient(try RedisURL(parsing: "redis://localhost/0"))
///     try await redis.send("SET", "greeting", "hello")
///     let greeting = try await redis.send("GET", "greeting").string
///
/// It connects with the first command and again whenever it must. Commands of all tasks are sent in bursts and answered
/// in order; a command issued while there is no connection waits for one until its deadline. So does a command that
/// Redis refused for now (`READONLY`, `LOADING`, `MASTERDOWN`, `BUSY`), as nothing was done, and one whose connection
/// ended before its answer, if repeating it changes nothing (``RedisCommand/isRepeatable``). Nothing else is ever
/// repeated: `RedisError.mayHaveExecuted` tells whether repeating is the caller's decision. A cancelled task stops
/// waiting at once and sends nothing more, not even to clean up. Blocking commands
/// (`BRPOP`, `WAIT`) hold up everything behind them and belong on a client of their own, with a longer deadline.
public final class RedisClient: Sendable {
    /// The Redis this client talks to.
    public let url: RedisURL
    private let pipeline: Pipeline

    /// A client that has not connected yet.
    public init(
        _ url: RedisURL, options: RedisOptions = .init(), logger: Logger = Logger(label: "skirret.redis")
    ) {
        self.url = url
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        pipeline = Pipeline(url: url, options: options, eventLoop: eventLoop, logger: logger)
    }

    /// A client that has not connected yet, on the event loop of another one.
    package init(_ url: RedisURL, options: RedisOptions, beside other: RedisClient, logger: Logger) {
        self.url = url
        pipeline = Pipeline(url: url, options: options, eventLoop: other.pipeline.eventLoop, logger: logger)
    }

    /// Runs tasks on the connection's own thread, where a command costs no change of threads.
    ///
    ///     try await withTaskExecutorPreference(redis.executor) {
    ///         for key in keys { try await redis.send("INCR", .init(key)) }
    ///     }
    ///
    /// The connection is served by the thread that the callers run on, so no other thread is woken for a command or for
    /// its answer. The price: code that computes for long, or blocks, holds up the connection and all others of its
    /// thread, so prefer it around the sending alone.
    public var executor: any TaskExecutor { pipeline.executor }

    deinit { pipeline.abandon() }

    /// How many connections it has made so far; it grows when Redis may have lost what only one connection told it.
    package var connectionCount: Int { pipeline.connections.value }

    /// Sends one command and returns its answer.
    ///
    /// One round trip.
    ///
    /// - Throws: `RedisError`, for error replies too.
    @discardableResult
    public func send(_ name: String, _ arguments: RedisArgument...) async throws(RedisError) -> RedisValue {
        try await send(RedisCommand(name, arguments: arguments))
    }

    /// Sends one command with a deadline of its own, which a blocking command needs.
    ///
    /// - Throws: `RedisError`, for error replies too.
    @discardableResult
    public func send(_ command: RedisCommand, deadline: Duration? = nil) async throws(RedisError) -> RedisValue {
        let reply = try await answer(to: command, deadline: deadline)
        if case .error(let text) = reply { throw RedisError(reply: text, to: command.name) }
        return reply
    }

    /// The answer as it came, an error reply too.
    func answer(to command: RedisCommand, deadline: Duration? = nil) async throws(RedisError) -> RedisValue {
        try await pipeline.perform(.one(command), deadline: deadline)
    }

    /// Sends all commands at once and waits once; answers are in order, error replies stay in place as `.error`.
    ///
    /// Not a transaction: other clients' commands may run in between.
    ///
    /// - Parameters:
    ///   - commands: Any number of them.
    ///   - deadline: For all of them together, which a blocking command needs; nil means the client's usual one.
    /// - Returns: As many answers.
    /// - Throws: `RedisError` when the whole batch got no answer; any number of its commands may have executed.
    public func pipeline(
        _ commands: [RedisCommand], deadline: Duration? = nil
    ) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        return try await pipeline.perform(.many(commands), deadline: deadline).array ?? []
    }

    /// Runs all commands between MULTI and EXEC: all or none, nothing in between.
    ///
    /// One round trip.
    ///
    /// A command that fails while running leaves `.error` in its place and does not undo the others, as in Redis.
    ///
    /// - Throws: `RedisError` when Redis refused to queue a command (then none ran), or when no answer came.
    public func transaction(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisValue] {
        guard !commands.isEmpty else { return [] }
        let replies = try await pipeline([RedisCommand("MULTI")] + commands + [RedisCommand("EXEC")])
        for (command, reply) in zip(commands, replies.dropFirst()) {
            if let text = reply.error { throw RedisError(reply: text, to: command.name) }
        }
        if let text = replies.last?.error { throw RedisError(reply: text, to: "EXEC") }
        guard let results = replies.last?.array, results.count == commands.count else {
            throw RedisError(
                .protocolViolation, "EXEC at \(url.address): expected \(commands.count) results",
                hint: "Is something between us and Redis that changes replies?")
        }
        return results
    }

    /// Closes the connection; waiting and later commands fail with `.closed`.
    ///
    /// May be called twice.
    public func close() async {
        await pipeline.close()
    }
}
