import CeleryProtocol
import SkirretRedis
import Synchronization

/// A settlement that leaves nothing behind but a result: the end of most tasks.
///
/// A class, as it is handed on at every step.
final class PlainSettlement: Sendable {
    let run: Run
    let outcome: Outcome
    /// How long the run took.
    let runtime: Duration
    /// JSON; empty when no result is stored.
    let result: [UInt8]

    init(run: Run, outcome: Outcome, runtime: Duration, result: [UInt8]) {
        self.run = run
        self.outcome = outcome
        self.runtime = runtime
        self.result = result
    }
}

/// A plain settlement and its end: whether it was written, or why Redis did not take it.
typealias PlainEnd = (settlement: PlainSettlement, written: Result<Bool, RedisError>)

/// Collects plain settlements and writes many in one step.
///
/// Adaptive without a timer: one that comes alone is written at once, and what comes while a call is under way goes
/// with the next. A second call overlaps the first when enough has come together.
final class Settlements: Sendable {
    private struct State {
        var pending: [PlainSettlement] = []
        /// Writers that wait, the first and the second.
        var idle: [UnsafeContinuation<Void, Never>?] = [nil, nil]
    }

    private let state = Mutex(State())
    private let settler: Settler
    /// How many go into one call at the most: about one millisecond of Redis.
    private static let most = 128
    /// How many there must be for the second writer.
    private static let enoughForTwo = 32

    init(settler: Settler) { self.settler = settler }

    /// Leaves a settlement to be written soon.
    func add(_ settlement: PlainSettlement) {
        let writer = state.withLock { state in
            state.pending.append(settlement)
            return Self.wake(&state)
        }
        writer?.resume()
    }

    /// Writes until cancelled.
    ///
    /// - Parameter tell: Told the ends of all that went together.
    /// - Throws: `CancellationError`.
    func run(_ tell: @escaping @Sendable ([PlainEnd]) -> Void) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for writer in 0..<2 {
                group.addTask { [self] in
                    while true {
                        await waiting(as: writer)
                        try Task.checkCancellation()
                        tell(await write())
                    }
                }
            }
        }
    }

    private static func isDue(_ state: borrowing State, for writer: Int) -> Bool {
        writer == 0 ? !state.pending.isEmpty : state.pending.count >= enoughForTwo
    }

    /// The writer that is to be woken, if one is idle and there is enough to do for it.
    private static func wake(_ state: inout State) -> UnsafeContinuation<Void, Never>? {
        for writer in state.idle.indices where isDue(state, for: writer) {
            if let idle = state.idle[writer] {
                state.idle[writer] = nil
                return idle
            }
        }
        return nil
    }

    private func waiting(as writer: Int) async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isDue = state.withLock { state in
                    if Self.isDue(state, for: writer) || Task.isCancelled { return true }
                    state.idle[writer] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            let idle = state.withLock { state in
                defer { state.idle[writer] = nil }
                return state.idle[writer]
            }
            idle?.resume()
        }
    }

    private func write() async -> [PlainEnd] {
        let batch = next()
        guard !batch.isEmpty else { return [] }
        do {
            return zip(batch, try await settler.write(batch)).map { ($0, .success($1)) }
        } catch  where error.isPassing || batch.count == 1 || Task.isCancelled {
            return batch.map { ($0, .failure(error)) }
        } catch {
            // One of them is at fault; the others must not share its fate.
            var ends: [PlainEnd] = []
            for settlement in batch { ends.append((settlement, await write(alone: settlement))) }
            return ends
        }
    }

    /// What goes into the next call.
    private func next() -> [PlainSettlement] {
        state.withLock { state in
            guard state.pending.count > Self.most else {
                defer { state.pending.removeAll(keepingCapacity: true) }
                return state.pending
            }
            defer { state.pending.removeFirst(Self.most) }
            return Array(state.pending.prefix(Self.most))
        }
    }

    private func write(alone settlement: PlainSettlement) async -> Result<Bool, RedisError> {
        do {
            return .success(try await settler.write([settlement]).first ?? false)
        } catch {
            return .failure(error)
        }
    }
}
