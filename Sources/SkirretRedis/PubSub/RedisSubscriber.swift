public import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Reads published messages over one connection of its own, whoever and however many the readers are.
///
///     try await subscriber.withSubscription(channels: ["news"]) { messages in
///         for try await push in messages {
///             switch push {
///             case .subscribed: // read the state that the messages announce
///             case .message(let channel, let payload): …
///             }
///         }
///     }
///
/// It connects with the first subscription and again for as long as there is one; after each connection the readers are
/// told `.subscribed`. A connection that falls silent is noticed by PING within `pingInterval` + `commandDeadline`.
public final class RedisSubscriber: Sendable {
    private let driver: NIOLoopBoundBox<SubscriberDriver>
    private let eventLoop: any EventLoop
    private let options: RedisOptions
    private let lastID = Atomic<UInt64>(0)

    /// A subscriber that has not connected yet.
    public init(
        _ url: RedisURL, options: RedisOptions = .init(), logger: Logger = Logger(label: "skirret.redis")
    ) {
        self.options = options
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        self.eventLoop = eventLoop
        driver = .makeBoxSendingValue(
            SubscriberDriver(link: Link(url: url, options: options, eventLoop: eventLoop, logger: logger)),
            eventLoop: eventLoop)
    }

    deinit {
        eventLoop.execute { [driver] in _ = driver.value.close() }
    }

    /// Subscribes for as long as the body runs; at least one channel or pattern.
    ///
    /// The body begins at once, also while Redis is away: the first push, `.subscribed`, says when it is there.
    ///
    /// - Throws: what the body throws; reading the messages throws `RedisError`.
    public func withSubscription<R>(
        channels: [String] = [], patterns: [String] = [], _ body: (RedisMessages) async throws -> R
    ) async throws -> R {
        precondition(!channels.isEmpty || !patterns.isEmpty, "a subscription needs a channel or a pattern")
        let topics = Set(
            channels.map { Topic(kind: .channel, name: $0) } + patterns.map { Topic(kind: .pattern, name: $0) })
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        let mailbox = Mailbox(
            maximumCount: options.maximumBufferedMessages, maximumBytes: options.maximumBufferedMessageBytes)
        eventLoop.execute { [driver] in driver.value.add(id, topics, mailbox) }
        defer { eventLoop.execute { [driver] in driver.value.remove(id) } }
        return try await body(RedisMessages(mailbox: mailbox))
    }

    /// Closes the connection; readers get `.closed`.
    ///
    /// May be called twice.
    public func close() async {
        let closed = eventLoop.flatSubmit { [driver] in driver.value.close() }
        // A channel's close future does not fail.
        try? await closed.get()
    }
}
