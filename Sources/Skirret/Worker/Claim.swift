import CeleryProtocol
import Foundation
import Logging
import SkirretRedis

/// One message this worker holds, from the claim to its settlement.
///
/// A class, as it is handed on at every step.
final class Claim: Sendable {
    /// Proves ownership; fresh for every claim, so that a stale acknowledgement removes nothing.
    let token: String
    /// The list the message came from, and goes back to.
    let list: String
    /// The envelope as it was on the wire.
    let message: [UInt8]
    /// How often a worker died under this task.
    let crashes: Int
    /// Somebody asked that the task shall not run.
    let isRevoked: Bool
    /// When it was claimed, by Redis's clock.
    let claimedAt: Date
    /// When this worker heard of it, by its own steady clock.
    let receivedAt: ContinuousClock.Instant

    init(
        token: String, list: String, message: [UInt8], crashes: Int = 0, isRevoked: Bool = false, claimedAt: Date,
        receivedAt: ContinuousClock.Instant = .now
    ) {
        self.token = token
        self.list = list
        self.message = message
        self.crashes = crashes
        self.isRevoked = isRevoked
        self.claimedAt = claimedAt
        self.receivedAt = receivedAt
    }
}

/// Takes messages off the queues for free slots.
struct Claimer: Sendable {
    let queue: TaskQueue
    let options: WorkerOptions
    private let consumed: ConsumedQueues
    /// What a claim of the present lists says each time, made once.
    private struct Call {
        let keys: [String]
        let routingKeys: [RedisArgument]
    }

    /// For all lists in the order in which they are served: all queues at step 0, then at 3, 6, 9.
    private var forwards = Call(keys: [], routingKeys: [])
    /// For the lists from the back.
    private var backwards = Call(keys: [], routingKeys: [])
    /// All of them.
    private var lists: Set<String> = []
    /// Which state of ``consumed`` the lists stand for.
    private(set) var version = -1
    /// The seed of a call that got no answer, and how many messages it had asked for.
    ///
    /// Asked again under the same seed, Redis gives the same claims.
    private var unanswered: (seed: String, most: Int)?
    /// The claim that Redis makes while the worker waits.
    let armed = ArmedClaim()
    private let armedKey: String
    /// The lists that the last claim left alone, because somebody paused their queue.
    private(set) var paused: Set<String> = []

    init(queue: TaskQueue, options: WorkerOptions, consumed: ConsumedQueues) {
        self.queue = queue
        self.options = options
        self.consumed = consumed
        armedKey = queue.keys.armed(DeliveryTag.random().rawValue)
    }

    /// Takes over the queues that were added or cancelled since the last claim.
    private mutating func followChanges() {
        let now = consumed.state
        guard now.version != version else { return }
        version = now.version
        armed.outdate()
        let spread = queue.keys.lists
        let lists = spread.steps.flatMap { step in
            now.names.map { (key: spread.key($0, step: step), routingKey: JSONValue.string($0.rawValue).text) }
        }
        self.lists = Set(lists.map(\.key))
        forwards = call(lists)
        backwards = call(lists.reversed())
    }

    private func call(_ lists: [(key: String, routingKey: String)]) -> Call {
        let keys = queue.keys
        let own = [
            keys.unacked, keys.unackedIndex, keys.leases, keys.owners, keys.dead, keys.letters, keys.crashes,
            keys.revoked, keys.paused, armedKey,
        ]
        return Call(keys: own + lists.map(\.key), routingKeys: lists.map { .init($0.routingKey) })
    }

    /// Whether Redis may have given out claims that this worker does not know of.
    var mayHoldUnknownClaims: Bool { unanswered != nil || armed.isPossible }

    /// The call that lies behind a wait and takes what ``claim(most:free:fromTheBack:deadline:)`` armed; nil before the
    /// first of these.
    var armedCall: RedisCommand? {
        Scripts.claim.command(
            keys: forwards.keys,
            arguments: [
                1, .init(options.lease.milliseconds), .init(options.name), "", 0, 0, .init(armed.generation), "",
            ] + forwards.routingKeys)
    }

    /// Those of these claims whose queue was cancelled since, or while they were made.
    func cancelled(_ claims: [Claim]) -> [Claim] {
        let now = consumed.state
        let lists = now.version == version ? lists : Set(now.names.flatMap { queue.keys.lists.keys($0) })
        var known: String?  // those of a list come together
        return claims.filter { claim in
            if claim.list == known { return false }
            guard lists.contains(claim.list) else { return true }
            known = claim.list
            return false
        }
    }

    /// The claims that armed calls brought since the last time.
    mutating func arrived() -> [Claim] {
        armed.takeAnswers().flatMap(read).filter { armed.accept($0.token) }
    }

    /// Claims up to `most` messages, or those whose answer was lost, and what was claimed by an armed call meanwhile.
    ///
    /// One round trip.
    ///
    /// - Parameters:
    ///   - most: How many at the most.
    ///   - free: Arms a claim of one more message if fewer than this are claimed now.
    ///   - fromTheBack: Serves the lowest step first, so that it never starves.
    ///   - deadline: Nil means the usual one.
    /// - Returns: The claims; none when the queues are empty.
    /// - Throws: `RedisError`; call again then, and whatever was given out meanwhile is not lost.
    mutating func claim(
        most: Int, free: Int = 0, fromTheBack: Bool = false, deadline: Duration? = nil
    ) async throws(RedisError) -> [Claim] {
        followChanges()
        let repeated = unanswered
        let seed = repeated?.seed ?? DeliveryTag.random().rawValue
        unanswered = (seed, max(most, repeated?.most ?? 0))
        let call = fromTheBack ? backwards : forwards
        let reply = try await queue.redis.run(
            Scripts.claim, keys: call.keys,
            arguments: [
                .init(most), .init(options.lease.milliseconds), .init(options.name), .init(seed),
                .init(repeated?.most ?? 0),
            ] + armed.arguments(seed: seed, free: repeated == nil ? free : 0) + call.routingKeys, deadline: deadline)
        guard let parts = reply.array, parts.count == 6 else {
            throw RedisError(
                .protocolViolation, "the claim script did not answer its six parts",
                hint: "Does something change replies on the way?")
        }
        unanswered = nil
        armed.answered(seed: seed, isArmed: parts[4].int == 1)
        paused = Set((parts[3].array ?? []).compactMap(\.string))
        return read(reply)
    }

    /// The claim in an answer of the script that brought one and has nothing else to tell.
    static func only(in reply: RedisValue) -> Claim? {
        guard let parts = reply.array, parts.count == 6, parts[1].int == 0 else { return nil }
        let claims = Claim.all(in: parts)
        return claims.count == 1 ? claims[0] : nil
    }

    /// The claims in an answer of the script; none in an error.
    private func read(_ reply: RedisValue) -> [Claim] {
        guard let parts = reply.array, parts.count == 6 else { return [] }
        if let refused = parts[1].int, refused > 0 {
            queue.logger.warning(
                "messages that are no Celery envelopes went to the dead letters", metadata: ["count": "\(refused)"])
        }
        return Claim.all(in: parts)
    }
}

extension Claim {
    /// The claims in the parts of the claim script's answer, in their order; none in anything else.
    static func all(in parts: [RedisValue], receivedAt: ContinuousClock.Instant = .now) -> [Claim] {
        guard parts.count == 6, let now = parts[0].int, let runs = parts[2].array else { return [] }
        var notes: [Int: (crashes: Int, isRevoked: Bool)] = [:]
        let told = parts[5].array?.compactMap(\.int) ?? []
        for at in stride(from: 0, to: told.count - 2, by: 3) { notes[told[at]] = (told[at + 1], told[at + 2] == 1) }
        let claimedAt = Date(timeIntervalSince1970: Double(now) / 1000)
        var claims: [Claim] = []
        for fields in runs.lazy.compactMap(\.array) where fields.count > 3 {
            guard let list = fields[0].string, let prefix = fields[1].string, let first = fields[2].int else {
                continue
            }
            claims.reserveCapacity(claims.count + fields.count - 3)
            for (number, message) in zip(first..., fields[3...]) {
                guard let message = message.bytes else { continue }
                let note = notes.isEmpty ? nil : notes[claims.count]
                claims.append(
                    Claim(
                        token: prefix + String(number), list: list, message: message, crashes: note?.crashes ?? 0,
                        isRevoked: note?.isRevoked ?? false, claimedAt: claimedAt, receivedAt: receivedAt))
            }
        }
        return claims
    }

    /// A claim as the script adopt answers it: token, list, message, and crashes and 1 when revoked, if there is
    /// anything to tell of these; nil for anything else.
    convenience init?(reply: RedisValue, now: Int, receivedAt: ContinuousClock.Instant = .now) {
        guard let fields = reply.array, fields.count >= 3, let token = fields[0].string, let list = fields[1].string,
            let message = fields[2].bytes
        else { return nil }
        self.init(
            token: token, list: list, message: message, crashes: fields.count > 3 ? fields[3].int ?? 0 : 0,
            isRevoked: fields.count > 4 && fields[4].int == 1,
            claimedAt: Date(timeIntervalSince1970: Double(now) / 1000), receivedAt: receivedAt)
    }
}

extension TaskQueue {
    /// Declares queues in kombu's binding tables; producers that name an exchange find them there.
    func declare(_ queues: [QueueName]) async throws(RedisError) {
        guard !queues.isEmpty else { return }
        var commands = [RedisCommand("SADD", arguments: [.init(keys.queues)] + queues.map { .init($0.rawValue) })]
        for name in queues {
            for table in [keys.binding(name.rawValue), keys.permanentBinding(name.rawValue)] {
                commands.append(RedisCommand("SADD", .init(table), .init(QueueBinding(queue: name).member())))
            }
        }
        for index in commands.indices { commands[index].isRepeatable = true }
        _ = try await redis.pipeline(commands)
    }
}
