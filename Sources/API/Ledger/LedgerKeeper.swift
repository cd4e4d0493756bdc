import Catalog
import CeleryProtocol
import Foundation
public import Logging
import Skirret
import SkirretRedis
import Synchronization

/// Keeps the ledger and Redis in agreement: what became of tasks goes into the ledger, what Redis lost goes into Redis
/// again, and what is old goes.
///
/// Any number may run; one works at a time. Two of them would do no harm: every step may be repeated.
public final class LedgerKeeper: Sendable {
    private let ledger: Ledger
    private let name: String
    private let logger: Logger
    private let news = NewsBox()

    /// How often it looks; results wait no longer than this for the ledger.
    private static let pulse = Duration.milliseconds(500)
    /// How long another keeper waits for one that left without a word.
    private static let leaseMilliseconds = 5000
    /// Tasks in one comparison.
    static let page = 500

    /// Prepares a keeper; its name tells it from others.
    public init(_ ledger: Ledger, name: String, logger: Logger) {
        self.ledger = ledger
        self.name = name
        self.logger = logger
    }

    /// Keeps until cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.listen() }
            var round = Round()
            while !Task.isCancelled {
                do {
                    try await keep(&round)
                } catch {
                    if Task.isCancelled { break }
                    // Redis may have lost what it had when it comes back.
                    round.mustCompare = true
                    logger.debug("The ledger waits", metadata: ["error": "\(error)"])
                }
                do { try await ContinuousClock().sleep(for: Self.pulse) } catch { break }
            }
            group.cancelAll()
        }
    }

    /// Where a keeper is.
    struct Round {
        var leads = false
        var looked = ContinuousClock.now - .seconds(3600)
        /// Everything that is not over has to be compared with Redis.
        var mustCompare = true
        /// How far the comparison in the background is.
        var position = 0
        var compared = ContinuousClock.now
        var pruned = ContinuousClock.now - .seconds(3600)
    }

    func keep(_ round: inout Round) async throws {
        if round.mustCompare || round.looked.duration(to: .now) > .seconds(1) {
            round.looked = .now
            guard try await leads() else {
                if round.leads { round = Round() }
                round.leads = false
                return news.silence()
            }
            if !round.leads {
                round.leads = true
                logger.info("This process keeps the ledger", metadata: ["keeper": "\(name)"])
            }
            if try await isMarkGone() { round.mustCompare = true }
        }
        guard round.leads else { return news.silence() }
        let heard = news.take()
        if heard.mayHaveMissed { round.mustCompare = true }
        try await note(heard.results)
        if round.mustCompare {
            try await compareAll()
            try await setMark()
            round.mustCompare = false
            round.compared = .now
        } else if round.compared.duration(to: .now) > .seconds(5) {
            round.position = try await compare(after: round.position) ?? 0
            round.compared = .now
        }
        if round.pruned.duration(to: .now) > .seconds(60) {
            // A few slices at a time; what is left waits for the next minute.
            for _ in 0..<20 where try await ledger.table.prune(ledger.limits) > 0 {}
            round.pruned = .now
        }
    }

    // MARK: - Leading

    private func leads() async throws -> Bool {
        let redis = ledger.queue.redis, key = RedisArgument(ledger.queue.keys.ledgerKeeper)
        let lease = RedisArgument(Self.leaseMilliseconds)
        let holder = try await redis.send("SET", key, .init(name), "NX", "GET", "PX", lease).string
        guard let holder else { return true }
        guard holder == name else { return false }
        return try await redis.send("PEXPIRE", key, lease).int == 1
    }

    /// Whether Redis was emptied since the last comparison: the mark goes with everything else.
    private func isMarkGone() async throws -> Bool {
        try await ledger.queue.redis.send("EXISTS", .init(ledger.queue.keys.ledgerMark)).int == 0
    }

    private func setMark() async throws {
        _ = try await ledger.queue.redis.send("SET", .init(ledger.queue.keys.ledgerMark), .init(name))
    }

    // MARK: - Results

    /// Hears every result that is published, also those of tasks that never were in the ledger.
    private func listen() async {
        let pattern = ledger.queue.keys.result(TaskID("*"))
        let prefix = pattern.count - 1
        while !Task.isCancelled {
            do {
                try await ledger.queue.backendSubscriber.withSubscription(patterns: [pattern]) { messages in
                    for try await push in messages {
                        switch push {
                        case .subscribed: news.missed()
                        case .message(let channel, let payload):
                            news.add(TaskID(rawValue: String(channel.dropFirst(prefix))), payload)
                        }
                    }
                }
            } catch {
                // The comparison learns the same from the results' keys, a little later.
                do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    private func note(_ heard: [(id: TaskID, payload: [UInt8])]) async throws {
        guard !heard.isEmpty else { return }
        let ours = try await ledger.queue.pushed(among: heard.map(\.id))
        let results = heard.filter { ours.contains($0.id) }.compactMap { id, payload in
            // try?: one that cannot be read is told when somebody asks for it.
            (try? TaskResult(decoding: payload)).map { (id, $0) }
        }
        // What is ready and no end would be taken for one.
        try await note(results.filter { $0.1.isFinal || !$0.1.state.isReady })
    }

    private func note(_ results: [(TaskID, TaskResult)]) async throws {
        try await ledger.table.note(results.map { LedgerNews($0.0, $0.1) })
        try await ledger.queue.forget(accepted: results.filter(\.1.isFinal).map(\.0))
    }

    // MARK: - Comparing

    private func compareAll() async throws {
        var position = 0
        while let next = try await compare(after: position) { position = next }
    }

    /// Compares one page of what is not over with Redis; where the next one begins, nil after the last.
    func compare(after position: Int) async throws -> Int? {
        let open = try await ledger.table.open(after: position, limit: Self.page)
        guard let last = open.last else { return nil }
        let ids = open.map(\.id)
        let results = try await ledger.queue.peek(ids)
        try await note(zip(ids, results).compactMap { id, result in result.map { (id, $0) } }.filter(\.1.isFinal))
        let over = Set(zip(ids, results).filter { $0.1?.isFinal ?? false }.map(\.0))
        let pushed = try await ledger.queue.pushed(among: ids)
        let lost = open.filter { !pushed.contains($0.id) && !over.contains($0.id) }
        try await push(lost)
        try await giveUp(open.filter { pushed.contains($0.id) && !over.contains($0.id) })
        return open.count < Self.page ? nil : last.seq
    }

    /// Ends the wait for results that nobody will ever see, as the task has none or Redis has let it expire.
    ///
    /// A task is searched for long after it should have been over, and only while the queues are so short that it would
    /// be found there.
    private func giveUp(_ silent: [OpenTask]) async throws {
        let patience = max(ledger.queue.resultLifetime, .seconds(86_400)) / .seconds(1)
        let old = silent.filter { Date().timeIntervalSince($0.due ?? $0.acceptedAt) > patience }.prefix(20)
        guard !old.isEmpty, try await ledger.queue.overview().queues.allSatisfy({ $0.waiting < 2000 }) else { return }
        var gone: [TaskID] = []
        for task in old where try await ledger.queue.explain(task.id).place == .unknown { gone.append(task.id) }
        try await ledger.table.note(gone.map { LedgerNews(id: $0, state: .unknown, at: Date()) })
        try await ledger.queue.forget(accepted: gone)
    }

    private func push(_ lost: [OpenTask]) async throws {
        guard !lost.isEmpty else { return }
        let cancelled = lost.filter(\.isCancelled)
        try await ledger.table.note(
            cancelled.map { LedgerNews(id: $0.id, state: .revoked, at: Date(), error: "cancelled before it began") })
        let rest = lost.filter { !$0.isCancelled && !$0.message.isEmpty }
        let fresh = try await ledger.queue.push(
            accepted: rest.map {
                AcceptedMessage(id: $0.id, queue: $0.queue, priority: $0.priority, due: $0.due, message: $0.message)
            })
        guard !fresh.isEmpty else { return }
        logger.notice("Pushed what Redis did not have", metadata: ["tasks": "\(fresh.count)"])
        try await ledger.table.notePushedAgain(Array(fresh))
    }
}

extension LedgerNews {
    /// What a result says.
    init(_ id: TaskID, _ result: TaskResult) {
        let state = LedgerState(result.state)
        var detail: JSONObject = [:]
        if state == .started, let worker = result.result["hostname"] { detail["worker"] = worker }
        let failure = result.failure.map(\.description)
        if let failure { detail["error"] = .string(String(failure.prefix(300))) }
        self.init(
            id: id, state: state, at: result.dateDone ?? Date(),
            outcome: state.isFinal ? result.result : nil, error: failure, detail: detail)
    }
}

/// What was heard since somebody last looked.
private final class NewsBox: Sendable {
    private struct State {
        var results: [(id: TaskID, payload: [UInt8])] = []
        var bytes = 0
        var mayHaveMissed = true
    }

    /// Beyond it what is heard is dropped, and learned from the results' keys.
    private static let mostBytes = 16 << 20

    private let state = Mutex(State())

    func add(_ id: TaskID, _ payload: [UInt8]) {
        state.withLock { state in
            guard state.bytes + payload.count <= Self.mostBytes else {
                state.mayHaveMissed = true
                return
            }
            state.results.append((id, payload))
            state.bytes += payload.count + 64
        }
    }

    func missed() { state.withLock { $0.mayHaveMissed = true } }

    /// Drops what was heard: another keeper hears it too.
    func silence() {
        state.withLock { state in
            state.results = []
            state.bytes = 0
        }
    }

    func take() -> (results: [(id: TaskID, payload: [UInt8])], mayHaveMissed: Bool) {
        state.withLock { state in
            defer { state = State(mayHaveMissed: false) }
            return (state.results, state.mayHaveMissed)
        }
    }
}
