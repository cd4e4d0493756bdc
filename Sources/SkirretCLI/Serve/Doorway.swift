import Synchronization

/// The order of a stop: it opens once, and the last to leave waits until all others have left.
final class Doorway: Sendable {
    private struct State {
        var isOpen = false
        var inside = 0
        var waiters: [(forAll: Bool, continuation: AsyncStream<Void>.Continuation)] = []
    }

    private let state = Mutex(State())

    var isOpen: Bool { state.withLock { $0.isOpen } }

    /// So many will leave.
    func expect(_ count: Int) { state.withLock { $0.inside += count } }

    func open() {
        state.withLock { state in
            state.isOpen = true
            Self.release(&state)
        }
    }

    func leave() {
        state.withLock { state in
            state.inside -= 1
            Self.release(&state)
        }
    }

    /// Returns once the door is open, and with `forAll` once everybody has left; or when the task is cancelled.
    func wait(forAll: Bool) async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            state.waiters.append((forAll, continuation))
            Self.release(&state)
        }
        for await _ in stream {}
    }

    private static func release(_ state: inout State) {
        guard state.isOpen else { return }
        state.waiters.removeAll { waiter in
            guard !waiter.forAll || state.inside <= 0 else { return false }
            waiter.continuation.finish()
            return true
        }
    }
}
