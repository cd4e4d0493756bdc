import Synchronization

/// Where callers on any thread leave requests, and where the event loop fetches all of them at once.
///
/// Only the first caller of a burst wakes the loop; the others find it woken.
final class Outbox: Sendable {
    struct Contents {
        var requests: [Request] = []
        /// Requests whose callers were cancelled.
        var cancelled: Set<UInt64> = []
    }

    private struct State {
        var contents = Contents()
        var isLoopWoken = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let lastID = Atomic<UInt64>(0)

    func nextID() -> UInt64 {
        lastID.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Leaves a request; true when the caller must wake the loop.
    func add(_ request: Request) -> Bool {
        let (mustWake, isClosed) = state.withLock { state in
            if state.isClosed { return (false, true) }
            state.contents.requests.append(request)
            return (Self.wake(&state), false)
        }
        if isClosed { request.continuation.resume(returning: .failure(Self.clientClosed)) }
        return mustWake
    }

    /// Leaves word that a request's caller has gone; true when the caller must wake the loop.
    func cancel(_ id: UInt64) -> Bool {
        state.withLock { state in
            if state.isClosed { return false }
            state.contents.cancelled.insert(id)
            return Self.wake(&state)
        }
    }

    /// Swaps what callers left for `emptied`, whose storage they fill next.
    func fetch(_ emptied: inout Contents) {
        state.withLock { state in
            state.isLoopWoken = false
            swap(&state.contents, &emptied)
        }
    }

    /// Refuses all further requests.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    private static func wake(_ state: inout State) -> Bool {
        defer { state.isLoopWoken = true }
        return !state.isLoopWoken
    }

    static let clientClosed = RedisError(
        .closed, "the Redis client was closed", hint: "Send nothing after close(), or make a new client.")
}
