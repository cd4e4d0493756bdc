import Synchronization

/// The slots of a worker, and the claims that wait for one.
///
/// Workers hold only what they run. Tasks that take less than a few milliseconds are the exception: for each of them a
/// round trip of its own would take longer than the task, so the next claims are made while these run. How many is
/// bounded three times: ``longestAhead`` of work, ``mostAhead`` messages, ``mostBytesAhead`` of their bytes. A claim
/// that found no slot within ``patience`` is given back.
///
/// A slot is a runner: a task that takes one waiting claim after the other and ends when there is none. Holds no
/// connection: it counts, the worker acts.
final class Slots: Sendable {
    private struct State {
        /// Oldest first, from `head` on.
        var waiting: [HeldClaim] = []
        var head = 0
        /// Slots in use.
        var running = 0
        /// Ended runs whose settlement is on its way.
        var settling = 0
        /// How long a run takes, smoothed; nil before the first has ended.
        var microseconds: Double?
        /// How large a message is, smoothed.
        var bytes = 1024.0
        /// The last claim brought as many messages as were asked for: there are more.
        var isQueueLong = false
        /// The claim loop was asked for more and has not looked since.
        var isAsked = false
        /// The claim loop waits with slots to spare: it found the queues empty, and hears of the next message.
        var isListening = false
        /// Waits until no slot is in use.
        var idleWaiter: CheckedContinuation<Void, Never>?
        /// When a runner last took a claim or ended.
        var lastMove = ContinuousClock.now

        var waitingCount: Int { waiting.count - head }

        /// Forgets what was taken before: in a long queue claims ahead never run out, and would all be kept.
        mutating func append(_ claims: some Collection<HeldClaim>) {
            waiting.removeFirst(head)
            head = 0
            waiting += claims
        }

        /// One slot less is in use; gives who waits for the last.
        mutating func leave() -> CheckedContinuation<Void, Never>? {
            running -= 1
            guard running == 0 else { return nil }
            defer { idleWaiter = nil }
            return idleWaiter
        }

        mutating func popFirst() -> HeldClaim? {
            guard head < waiting.count else { return nil }
            defer {
                head += 1
                if head == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    head = 0
                }
            }
            return waiting[head]
        }
    }

    /// A worker that dies, or gets a long task, keeps no more work than this from others.
    ///
    /// 10 ms: a few round trips.
    static let longestAhead = 10_000.0
    /// Messages that are claimed ahead at the most.
    ///
    /// Twice ``mostAtOnce``: while Redis answers one claim the slots have as much again to do.
    static let mostAhead = 512
    /// Messages of one claim, beyond the free slots: more would hold Redis for longer than 2 ms.
    static let mostAtOnce = 256
    /// 4 MiB of messages are claimed ahead at the most.
    static let mostBytesAhead = 4_194_304.0
    /// How long a claim waits for a slot before it is given back.
    static let patience = Duration.milliseconds(100)
    /// Settlements on their way above which nothing is claimed: Redis is slower than the tasks.
    private static let mostSettling = 1024

    private let state = Mutex(State())

    /// Tasks that occupy a slot.
    var running: Int { state.withLock { $0.running } }

    /// How many messages to claim now.
    func wanted(concurrency: Int) -> Int {
        state.withLock { state in
            state.isAsked = false
            state.isListening = false
            guard state.settling < Self.mostSettling else { return 0 }
            let free = concurrency - state.running
            let ahead = Self.ahead(state, concurrency: concurrency)
            // Half of what may lie ready is still there: the next claim fetches more at once.
            guard free > state.waitingCount || state.waitingCount <= ahead / 2 else { return 0 }
            return max(0, min(free + ahead - state.waitingCount, max(free, Self.mostAtOnce)))
        }
    }

    /// Slots that nothing runs in and nothing waits for.
    func free(concurrency: Int) -> Int {
        state.withLock { max(0, concurrency - $0.running - $0.waitingCount) }
    }

    private static func ahead(_ state: borrowing State, concurrency: Int) -> Int {
        guard state.isQueueLong, let microseconds = state.microseconds, microseconds < longestAhead / 2 else {
            return 0
        }
        let byTime = Double(concurrency) * longestAhead / max(microseconds, 1)
        return Int(min(byTime, mostBytesAhead / state.bytes, Double(mostAhead)))
    }

    /// The claim loop found less than it wanted and has asked to be told of more.
    ///
    /// Until ``wanted(concurrency:)`` is asked again, a slot that comes free is no reason for a claim.
    func listen() { state.withLock { $0.isListening = true } }

    /// Takes claims in.
    func add(_ claims: [HeldClaim], asked: Int) {
        state.withLock { state in
            state.isQueueLong = claims.count >= asked
            if state.waitingCount == 0 { state.lastMove = .now }
            for claim in claims { state.bytes += (Double(claim.claim.message.count) - state.bytes) / 64 }
            state.append(claims)
        }
    }

    /// Takes a claim in, and a slot for the runner that is to be started for it; false when none is free.
    func add(_ claim: HeldClaim, concurrency: Int) -> Bool {
        state.withLock { state in
            guard state.running + state.waitingCount < concurrency else { return false }
            state.isQueueLong = false
            if state.waitingCount == 0 { state.lastMove = .now }
            state.append(CollectionOfOne(claim))
            state.running += 1
            return true
        }
    }

    /// How many runners are to be started for what waits.
    ///
    /// They count as running from now on.
    func starting(concurrency: Int) -> Int {
        state.withLock { state in
            let starting = max(0, min(concurrency - state.running, state.waitingCount))
            state.running += starting
            return starting
        }
    }

    /// What a runner does next: the next claim, or nil when it is to end.
    ///
    /// - Returns: The claim, and whether more should be claimed now.
    func next(concurrency: Int) -> (claim: HeldClaim?, isLow: Bool) {
        let (next, waiter) = state.withLock {
            state -> ((claim: HeldClaim?, isLow: Bool), CheckedContinuation<Void, Never>?) in
            state.lastMove = .now
            guard state.running <= concurrency, let claim = state.popFirst() else {
                return ((nil, !state.isListening || state.waitingCount > 0), state.leave())
            }
            let isLow = !state.isAsked && state.waitingCount <= Self.ahead(state, concurrency: concurrency) / 2
            // Without claims ahead the slot's own end asks for the next.
            guard isLow, state.isQueueLong else { return ((claim, false), nil) }
            state.isAsked = true
            return ((claim, true), nil)
        }
        waiter?.resume()
        return next
    }

    /// A runner ends before its time and takes no further claim.
    func leave() { state.withLock { $0.leave() }?.resume() }

    /// Returns when no slot is in use.
    func untilIdle() async {
        await withCheckedContinuation { waiter in
            let isIdle = state.withLock { state in
                guard state.running > 0 else { return true }
                state.idleWaiter = waiter
                return false
            }
            if isIdle { waiter.resume() }
        }
    }

    /// A body has ended.
    func ended(after microseconds: Double) {
        state.withLock { state in
            state.microseconds = state.microseconds.map { $0 + (microseconds - $0) / 8 } ?? microseconds
        }
    }

    func beginSettling() { state.withLock { $0.settling += 1 } }

    /// So many settlements got through, or failed.
    ///
    /// - Returns: Whether claims had to wait for this.
    func endSettling(_ count: Int) -> Bool {
        state.withLock { state in
            defer { state.settling -= count }
            return state.settling >= Self.mostSettling
        }
    }

    /// Whether claims wait for a slot.
    var hasWaiting: Bool { state.withLock { $0.waitingCount > 0 } }

    /// The claims that are to be given back because no slot came free for a while, or all that wait.
    func takeBack(all: Bool) -> [HeldClaim] {
        state.withLock { state in
            guard state.waitingCount > 0, all || state.lastMove.duration(to: .now) >= Self.patience else { return [] }
            defer {
                state.waiting = []
                state.head = 0
                // Whatever ran before, something long runs now.
                state.microseconds = Self.longestAhead
            }
            return Array(state.waiting[state.head...])
        }
    }
}
