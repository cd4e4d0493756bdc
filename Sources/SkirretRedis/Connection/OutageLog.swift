import Logging
import NIOCore
import Synchronization

/// Tells the log once what all connections of a process notice at the same moment.
///
/// At most one line in five seconds for each server, whatever the number of clients; the latest news waits its turn.
final class OutageLog: Sendable {
    /// The process's own: links of many clients share it.
    static let shared = OutageLog()

    private let throttles = Mutex<[String: OutageThrottle]>([:])

    /// Says now, later, or not at all, that a server is away or back.
    func hear(
        _ news: OutageThrottle.News, of server: String, _ logger: Logger, _ metadata: Logger.Metadata,
        on eventLoop: any EventLoop
    ) {
        switch throttles.withLock({ $0[server, default: .init()].hear(news, now: .now()) }) {
        case .nothing: break
        case .tell: Self.tell(news, logger, metadata)
        case .tellAt(let time):
            _ = eventLoop.scheduleTask(deadline: time) { [self] in
                let due = throttles.withLock { $0[server]?.due(now: .now()) }
                if let due { Self.tell(due, logger, due == news ? metadata : [:]) }
            }
        }
    }

    private static func tell(_ news: OutageThrottle.News, _ logger: Logger, _ metadata: Logger.Metadata) {
        switch news {
        case .away: logger.info("Redis is away, trying again until it is back", metadata: metadata)
        case .back: logger.info("Redis is back", metadata: metadata)
        }
    }
}

/// When to tell what about one server.
///
/// Holds no clock and no logger.
struct OutageThrottle {
    enum News { case away, back }

    enum Decision: Equatable {
        case nothing
        case tell
        /// Ask `due` then.
        case tellAt(NIODeadline)
    }

    private var told: (news: News, at: NIODeadline)?
    private var pending: News?

    /// Between any two lines.
    static let pause = TimeAmount.seconds(5)
    /// Between two lines that both say that it is still away.
    static let reminder = TimeAmount.seconds(60)

    mutating func hear(_ news: News, now: NIODeadline) -> Decision {
        let isKnown = (told?.news ?? .back) == news
        if isKnown {
            pending = nil
            guard news == .away, let told, now - told.at >= Self.reminder else { return .nothing }
        }
        if let told, now - told.at < Self.pause {
            defer { pending = news }
            return pending == nil ? .tellAt(told.at + Self.pause) : .nothing
        }
        told = (news, now)
        return .tell
    }

    /// What waited for its turn, unless it is no news any more.
    mutating func due(now: NIODeadline) -> News? {
        guard let news = pending else { return nil }
        pending = nil
        told = (news, now)
        return news
    }
}
