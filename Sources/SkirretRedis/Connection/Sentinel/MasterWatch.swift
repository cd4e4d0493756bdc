import NIOCore

/// Looks every two seconds whether the server we are connected to is still the master, so that a failover is noticed
/// also by a connection that only listens, or whose old master still answers.
///
/// Asks one sentinel, another one each time, and all of them only when that one names another server.
///
/// Lives on one event loop.
final class MasterWatch {
    private let sentinels: RedisSentinels
    private let dialer: Dialer
    private let eventLoop: any EventLoop
    private var timer: Scheduled<Void>?
    private var next: Int
    /// Numbers the connections that were watched, so that a late answer is not taken for the next one's.
    private var number = 0

    private static let interval = TimeAmount.seconds(2)

    /// Nil for a URL without sentinels.
    init?(_ url: RedisURL, dialer: Dialer, eventLoop: any EventLoop) {
        guard case .sentinel(let sentinels) = url.address else { return nil }
        self.sentinels = sentinels
        self.dialer = dialer
        self.eventLoop = eventLoop
        next = Int.random(in: 0..<sentinels.places.count)
    }

    /// Watches until `stop`, or until another master was elected, which is said once.
    func start(master: RedisPlace, moved: @escaping (RedisPlace) -> Void) {
        stop()
        let number = number
        keepLooking(number, master, moved)
    }

    func stop() {
        number += 1
        timer?.cancel()
        timer = nil
    }

    private func keepLooking(_ number: Int, _ master: RedisPlace, _ moved: @escaping (RedisPlace) -> Void) {
        timer = eventLoop.assumeIsolated().scheduleTask(in: Self.interval) { [self] in
            look(number, master, moved)
            keepLooking(number, master, moved)
        }
    }

    private func look(_ number: Int, _ master: RedisPlace, _ moved: @escaping (RedisPlace) -> Void) {
        next = (next + 1) % sentinels.places.count
        let one = SentinelQuery.ask(sentinels.places[next], sentinels, dialer)
        one.assumeIsolated().whenSuccess { [self] place in
            guard number == self.number, let place, place != master else { return }
            let query = SentinelQuery(sentinels, dialer: dialer, eventLoop: eventLoop)
            query.master().assumeIsolated().whenSuccess { [self] place in
                guard number == self.number, place != master else { return }
                stop()
                moved(place)
            }
        }
    }
}
