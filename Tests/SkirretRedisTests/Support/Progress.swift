import Synchronization

/// Counts what many tasks achieve, and lets a test wait for a count instead of sleeping.
final class Progress: Sendable {
    private struct State {
        var count = 0
        var isStopped = false
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }
    var isStopped: Bool { state.withLock { $0.isStopped } }

    func advance() {
        let reached = state.withLock { state in
            state.count += 1
            let reached = state.waiting.filter { $0.count <= state.count }
            state.waiting.removeAll { $0.count <= state.count }
            return reached
        }
        for waiter in reached { waiter.continuation.resume() }
    }

    func wait(until count: Int) async {
        await withCheckedContinuation { continuation in
            let isReached = state.withLock { state in
                if state.count < count { state.waiting.append((count, continuation)) }
                return state.count >= count
            }
            if isReached { continuation.resume() }
        }
    }

    func stop() {
        state.withLock { $0.isStopped = true }
    }
}
