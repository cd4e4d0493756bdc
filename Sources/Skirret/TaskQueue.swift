public import CeleryProtocol
import Foundation
public import Logging
public import SkirretRedis
import Synchronization

/// The way to a broker: what producers send with, and what results are read from.
///
/// One per process is enough: calls from many tasks share its connections, and it reconnects by itself.
public final class TaskQueue: Sendable {
    /// The broker's address.
    public let url: RedisURL
    /// Where results are stored, and what Celery keeps beside them: saved groups and the counters of chords.
    ///
    /// The broker, unless another Redis or another of its databases was named; Celery's `result_backend`.
    public let backendURL: RedisURL
    /// Where calls go that name no queue.
    ///
    /// Celery's own default is `celery`.
    public let defaultQueue: QueueName
    /// Which queue a task goes to when neither the call nor the task names one.
    public let routes: TaskRoutes
    /// How long results are kept.
    ///
    /// One day, as in Celery; zero means for ever.
    public let resultLifetime: Duration
    /// How workers compress what they store as results; nil, as in Celery, for not at all.
    ///
    /// Celery's `result_compression`. Whoever reads results recognises it, whatever the own setting.
    public let resultCompression: CallOptions.Compression?
    /// Monitors are told of every message that is sent from here.
    ///
    /// Celery's `task_send_sent_event`; off by default, as it costs a command for each.
    public let sendsSentEvents: Bool
    /// The connection that commands share.
    public let redis: RedisClient
    /// The connection on which results and wake-ups arrive.
    public let subscriber: RedisSubscriber
    /// The connection to where results are; ``redis`` unless they have a place of their own.
    public let backend: RedisClient
    /// The connection on which results arrive; ``subscriber`` unless they have a place of their own.
    public let backendSubscriber: RedisSubscriber
    /// Whether results live elsewhere than messages.
    ///
    /// No step is one with both then: a worker stores results first and acknowledges afterwards, so that a crash in
    /// between repeats a run and loses nothing.
    public var hasOwnBackend: Bool { backend !== redis }

    package let keys: Keys
    let logger: Logger
    let templates = MessageTemplates()
    /// Celery's Lamport clock, as clients have one.
    private let clock = Mutex(0)
    private let announced = Mutex<[QueueName: Announcement]>([:])

    /// When a queue was declared, and on which connection.
    private struct Announcement {
        let connection: Int
        let at: ContinuousClock.Instant
    }

    /// A declaration that somebody took out of Redis meanwhile is made again after this.
    private static let announcementLifetime = Duration.seconds(60)

    /// Prepares the way; connects at the first call.
    ///
    /// - Parameters:
    ///   - url: The broker.
    ///   - backend: Where results are, if not in the broker: another Redis, or another of its databases. Everybody who
    ///     works on these queues or waits for their results has to name the same; Celery's `result_backend`.
    ///   - defaultQueue: Where calls go that name no queue.
    ///   - routes: Which queue a task goes to when neither the call nor the task names one.
    ///   - prefix: kombu's `global_keyprefix`, put before every key of the broker, verbatim.
    ///   - resultPrefix: The result backend's own `global_keyprefix`; `_` is added unless it ends in one of `: _ - .`.
    ///   - resultLifetime: How long results are kept; zero means for ever.
    ///   - resultCompression: How results are compressed that a worker stores.
    ///   - sendsSentEvents: Whether monitors are told of every message that is sent from here.
    ///   - name: How the connections present themselves in `CLIENT LIST`.
    ///   - logger: Where reconnections are told.
    public init(
        _ url: RedisURL, backend: RedisURL? = nil, defaultQueue: QueueName = "celery", routes: TaskRoutes = [:],
        prefix: String = "",
        resultPrefix: String = "",
        resultLifetime: Duration = .seconds(86_400), resultCompression: CallOptions.Compression? = nil,
        sendsSentEvents: Bool = false, name: String = "skirret",
        logger: Logger = Logger(label: "skirret")
    ) {
        self.url = url
        backendURL = backend ?? url
        self.defaultQueue = defaultQueue
        self.routes = routes
        self.resultLifetime = resultLifetime
        self.resultCompression = resultCompression
        self.sendsSentEvents = sendsSentEvents
        self.keys = Keys(prefix: prefix, resultPrefix: resultPrefix)
        self.logger = logger
        var options = RedisOptions()
        options.clientName = name
        redis = RedisClient(url, options: options, logger: logger)
        subscriber = RedisSubscriber(url, options: options, logger: logger)
        let isApart = backendURL != url
        self.backend = isApart ? RedisClient(backendURL, options: options, logger: logger) : redis
        backendSubscriber = isApart ? RedisSubscriber(backendURL, options: options, logger: logger) : subscriber
    }

    /// One tick of the clock that stands in events.
    func tick() -> Int {
        clock.withLock { clock in
            clock += 1
            return clock
        }
    }

    /// A result's JSON as it is stored and published.
    func payload(_ json: [UInt8]) -> [UInt8] {
        resultCompression == nil || json.isEmpty ? json : ResultPayload.compressed(json)
    }

    /// Seconds for which a result is kept, rounded up; zero means for ever.
    var resultSeconds: Int { Int(resultLifetime.seconds.rounded(.up)) }

    /// Seconds for which a chord's bookkeeping is kept.
    ///
    /// It always expires: after Celery's default of a day where results are kept for ever.
    var chordSeconds: Int { resultSeconds == 0 ? 86_400 : resultSeconds }

    /// What Redis's clock says.
    ///
    /// One round trip.
    func brokerTime() async throws(RedisError) -> Date {
        let parts = try await redis.send("TIME").array?.compactMap { $0.string.flatMap(Double.init) } ?? []
        guard parts.count == 2 else {
            throw RedisError(
                .protocolViolation, "TIME did not answer a time",
                hint: "Is something between us and Redis that changes replies?")
        }
        return Date(timeIntervalSince1970: parts[0] + parts[1] / 1e6)
    }

    /// Declares a queue that something is sent to: for exchanges, and for those who list the queues.
    ///
    /// One round trip for each queue and connection, and each minute, as messages themselves carry no declaration.
    func announce(_ queue: QueueName) async throws(RedisError) {
        let connection = redis.connectionCount
        let now = ContinuousClock.now
        let isKnown = announced.withLock { announced in
            if let last = announced[queue], last.connection == connection,
                last.at.duration(to: now) < Self.announcementLifetime
            {
                return true
            }
            // Before the answer, so that of many callers one declares; the others' messages come behind it.
            announced[queue] = Announcement(connection: connection, at: now)
            return false
        }
        guard !isKnown else { return }
        do {
            try await declare([queue])
            // The first one made the connection.
            announced.withLock { $0[queue] = Announcement(connection: redis.connectionCount, at: now) }
        } catch {
            announced.withLock { $0[queue] = nil }
            throw error
        }
    }

    /// Declares queues once more, as Redis was emptied since.
    ///
    /// What was to be sent is accepted: it is not the message's fault if this fails, and the next one says the same.
    func announceAnew(_ queues: some Collection<QueueName>) async {
        announced.withLock { for queue in queues { $0[queue] = nil } }
        for queue in queues { try? await announce(queue) }  // see above
    }

    /// Closes the connections; calls under way fail.
    public func close() async {
        await redis.close()
        await subscriber.close()
        guard hasOwnBackend else { return }
        await backend.close()
        await backendSubscriber.close()
    }
}
