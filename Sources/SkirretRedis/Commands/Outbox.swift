import Synchronization

/// Where callers on any thread leave requests, and where the event loop fetches all of them at once.
///
/// Only the first caller of a burst wakes the loop; the others find it woken. Callers on the loop's own thread would keep
/// it until the last of them has left its request; they are told when so many lie here that Redis should begin with them.
final class Outbox: Sendable {
    struct Contents {
        var requests: [Request] = []
        /// Requests whose callers were cancelled.
        var cancelled: Set<UInt64> = []
    }

    /// What a caller has to do for its request.
    enum Step {
        case nothing
        /// Wake the loop.
        case wake
        /// The loop was woken, but who is on its thread sends now.
        case send
    }

    /// So many requests are worth a write of their own.
    ///
    /// Redis works on them while the other callers still prepare theirs; fewer would cost more system calls than they
    /// gain.
    private static let worthSending = 16

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

    /// Leaves a request; tells what the caller has to do for it.
    func add(_ request: Request) -> Step {
        let step = state.withLock { state -> Step? in
            if state.isClosed { return nil }
            state.contents.requests.append(request)
            if Self.wake(&state) { return .wake }
            return state.contents.requests.count.isMultiple(of: Self.worthSending) ? .send : .nothing
        }
        guard let step else {
            request.continuation.resume(returning: .failure(Self.clientClosed))
            return .nothing
        }
        return step
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
