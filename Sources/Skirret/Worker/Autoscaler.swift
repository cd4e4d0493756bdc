import CeleryProtocol
import Logging
import SkirretRedis
import Synchronization

/// Grows and shrinks a worker's slots between two bounds.
///
/// A slot is what a process of Celery's pool is to its autoscaler, but costs nothing to make: it grows as soon as
/// all slots are busy and messages wait, by as many as wait and at most twofold a second; it shrinks to what was
/// needed at most once ten seconds have passed in which some slots were never used.
final class Autoscaler: Sendable {
    private struct State {
        var bounds: ClosedRange<Int>?
        var usage = Usage()
    }

    /// The most slots that were busy since some instant.
    private struct Usage {
        var most = 0
        var since = ContinuousClock.now
    }

    private let state: Mutex<State>
    private let changed = Doorbell()
    private let queue: TaskQueue
    /// Celery waits thirty seconds; a slot that is missing costs us no process to start.
    private static let patience = Duration.seconds(10)
    private static let pulse = Duration.seconds(1)

    init(queue: TaskQueue, bounds: ClosedRange<Int>?) {
        self.queue = queue
        state = Mutex(State(bounds: bounds))
    }

    var bounds: ClosedRange<Int>? {
        get { state.withLock { $0.bounds } }
        set {
            state.withLock { $0 = State(bounds: newValue) }
            changed.ring()
        }
    }

    /// Changes the bounds as remote control does: what is nil stays as it was.
    ///
    /// - Returns: The bounds that count now.
    @Sendable func rescale(most: Int?, least: Int?) -> ClosedRange<Int> {
        let old = bounds ?? 1...1
        let upper = max(1, most ?? max(old.upperBound, least ?? 1))
        let new = min(max(1, least ?? old.lowerBound), upper)...upper
        bounds = new
        return new
    }

    /// Looks once a second while there are bounds, until cancelled.
    ///
    /// - Parameters:
    ///   - queues: Where messages wait.
    ///   - load: How many slots are busy, and how many there are.
    ///   - resize: Changes how many there are.
    /// - Throws: `CancellationError` at its end.
    func run(
        queues: @Sendable () -> [QueueName], load: @Sendable () -> (busy: Int, slots: Int),
        resize: @Sendable (Int) -> Void
    ) async throws {
        while true {
            guard let bounds else {
                try await changed.wait(atMost: .seconds(3600))
                continue
            }
            let (busy, slots) = load()
            if let size = await size(busy: busy, slots: slots, bounds: bounds, queues: queues()) { resize(size) }
            try await changed.wait(atMost: Self.pulse)
        }
    }

    /// The number of slots that is wanted; nil when it is the right one already.
    private func size(busy: Int, slots: Int, bounds: ClosedRange<Int>, queues: [QueueName]) async -> Int? {
        let within = min(max(slots, bounds.lowerBound), bounds.upperBound)
        if within != slots { return within }
        if busy >= slots {
            state.withLock { $0.usage = Usage(most: busy) }
            guard slots < bounds.upperBound else { return nil }
            let waiting = await waiting(in: queues)
            return waiting > 0 ? min(bounds.upperBound, slots + min(waiting, slots)) : nil
        }
        return state.withLock { state in
            state.usage.most = max(state.usage.most, busy)
            guard state.usage.since.duration(to: .now) >= Self.patience else { return nil }
            defer { state.usage = Usage() }
            let wanted = max(bounds.lowerBound, state.usage.most)
            return wanted < slots ? wanted : nil
        }
    }

    private func waiting(in queues: [QueueName]) async -> Int {
        let lists = queue.keys.lists
        let commands = lists.steps.flatMap { step in
            queues.map { RedisCommand("LLEN", .init(lists.key($0, step: step))) }
        }
        // A broker that is away has no messages for anybody: there is nothing to grow for.
        return ((try? await queue.redis.pipeline(commands)) ?? []).compactMap(\.int).reduce(0, +)
    }
}
