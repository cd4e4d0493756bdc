import Foundation
import Logging
import SkirretRedis

/// Whether a beat leads, and what time it is.
struct Leadership {
    /// Grows with every change of leader; nil while another one leads.
    var term: Int?
    /// Up to when all that was due has been fired, by this leader or the one before; nil when nobody ever led.
    var looked: Date?
    fileprivate var renewAt = ContinuousClock.now
    /// What Redis's clock said, and when: this machine's may be wrong, or step.
    fileprivate var time = (Date(), at: ContinuousClock.now)

    /// By Redis's clock.
    var now: Date { time.0 + time.at.duration(to: .now).seconds }
}

/// Makes one of several beats the leader.
struct LeaderElection: Sendable {
    let queue: TaskQueue
    let keys: BeatKeys
    let name: String
    let logger: Logger
    private static let lease = Duration.seconds(6)
    /// How often a leader renews; the others ask at every call.
    private static let renewal = Duration.seconds(2)

    init(queue: TaskQueue, keys: BeatKeys, name: String, logger: Logger) {
        self.queue = queue
        self.keys = keys
        self.name = name
        self.logger = logger
    }

    /// Becomes the leader, stays it, or learns that another one is; no round trip when it is known well enough.
    func campaign(_ leadership: inout Leadership) async throws(RedisError) {
        guard .now >= leadership.renewAt || leadership.term == nil else { return }
        let mine = leadership.term
        let reply = try await queue.redis.run(
            Scripts.lead, keys: [keys.leader, keys.term, keys.looked],
            arguments: [
                .init(name), .init(Self.lease.milliseconds), .init(mine.map(String.init) ?? ""),
                .init(mine == nil ? "" : leadership.looked.map(Self.milliseconds) ?? ""),
            ])
        guard let parts = reply.array, parts.count == 3, let now = parts[1].int else { return }
        let term = parts[0].int.flatMap { $0 > 0 ? $0 : nil }
        if term != mine {
            logger.info(term == nil ? "another beat leads" : "this beat leads", metadata: ["beat": "\(name)"])
            // What the last leader finished counts, not what this one remembers from earlier days.
            leadership.looked = parts[2].int.map { Date(timeIntervalSince1970: Double($0) / 1000) }
        }
        leadership.term = term
        leadership.renewAt = .now + Self.renewal
        leadership.time = (Date(timeIntervalSince1970: Double(now) / 1000), .now)
    }

    /// Lets another beat lead at once.
    func stepDown(_ leadership: Leadership) async {
        guard leadership.term != nil else { return }
        // Without it the lease runs out, some seconds later.
        _ = try? await queue.redis.run(
            Scripts.stepDown, keys: [keys.leader, keys.looked],
            arguments: [
                .init(name), .init(leadership.looked.map(Self.milliseconds) ?? ""), .init(queue.keys.beatBell),
            ])
    }

    private static func milliseconds(_ date: Date) -> String { String(Int(date.timeIntervalSince1970 * 1000)) }
}
