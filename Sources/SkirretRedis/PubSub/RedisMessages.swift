import Synchronization

/// What a subscription's reader is told.
public enum RedisPush: Sendable, Hashable {
    /// Every channel and pattern is (again) subscribed. Messages may have been missed before this: read the state that
    /// they announce now. Comes first, after each reconnection, and after messages were dropped for a slow reader.
    case subscribed
    /// A published message; a pattern's subscriber sees the channel it was published to.
    case message(channel: String, payload: [UInt8])
}

/// The messages of one subscription, oldest first, for one reader.
///
/// Never ends by itself. Throws `.cancelled` when the reader's task is, `.closed` when the subscriber is, and
/// `.authentication` when this user may not read a channel.
public struct RedisMessages: AsyncSequence, Sendable {
    /// One message or notice.
    public typealias Element = RedisPush
    /// Why the messages ended.
    public typealias Failure = RedisError

    let mailbox: Mailbox

    /// The one reader's iterator; two at a time is a programmer's error and traps.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(mailbox: mailbox)
    }

    /// Takes messages out of the subscription's buffer.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let mailbox: Mailbox

        /// The next message; waits for one.
        ///
        /// Never nil.
        ///
        /// - Throws: `RedisError` when there will be no more.
        public mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(RedisError) -> RedisPush? {
            try await mailbox.next()
        }

        /// The next message; waits for one.
        ///
        /// Never nil.
        ///
        /// - Throws: `RedisError` when there will be no more.
        public mutating func next() async throws(RedisError) -> RedisPush? {
            try await mailbox.next()
        }
    }
}

/// The bounded buffer between the event loop and one reader.
///
/// A reader that falls behind loses what is buffered and is told `.subscribed`, which means the same as after a
/// reconnection: look at the state itself.
final class Mailbox: Sendable {
    fileprivate typealias Reader = UnsafeContinuation<Result<RedisPush, RedisError>, Never>

    fileprivate struct State {
        var pushes: [RedisPush] = []
        /// Index of the oldest push; those before it were read.
        var head = 0
        var byteCount = 0
        var reader: Reader?
        var end: RedisError?
    }

    private let state = Mutex(State())
    private let maximumCount: Int
    private let maximumBytes: Int

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    func put(_ push: RedisPush) {
        let reader: Reader? = state.withLock { state -> Reader? in
            guard state.end == nil else { return nil }
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            state.append(push, maximumCount: maximumCount, maximumBytes: maximumBytes)
            return nil
        }
        reader?.resume(returning: .success(push))
    }

    /// No more messages; what is buffered can still be read.
    func finish(_ error: RedisError) {
        let reader: Reader? = state.withLock { state -> Reader? in
            if state.end == nil { state.end = error }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: .failure(error))
    }

    func next() async throws(RedisError) -> RedisPush {
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { (reader: Reader) in
                let atOnce: Result<RedisPush, RedisError>? = state.withLock { state -> Result<RedisPush, RedisError>? in
                    if Task.isCancelled { return .failure(.cancelled) }
                    if let push = state.takeFirst() { return .success(push) }
                    if let end = state.end { return .failure(end) }
                    precondition(state.reader == nil, "the messages of one subscription have one reader")
                    state.reader = reader
                    return nil
                }
                if let atOnce { reader.resume(returning: atOnce) }
            }
        } onCancel: {
            // The flag is set before this runs: a reader that comes later sees it under the same lock.
            let reader: Reader? = state.withLock { state -> Reader? in
                defer { state.reader = nil }
                return state.reader
            }
            reader?.resume(returning: .failure(.cancelled))
        }
        return try outcome.get()
    }
}

extension Mailbox.State {
    fileprivate mutating func append(_ push: RedisPush, maximumCount: Int, maximumBytes: Int) {
        if pushes.count - head >= maximumCount || byteCount + push.byteCount > maximumBytes {
            pushes.removeAll(keepingCapacity: true)
            head = 0
            byteCount = 0
            pushes.append(.subscribed)
            return
        }
        pushes.append(push)
        byteCount += push.byteCount
    }

    fileprivate mutating func takeFirst() -> RedisPush? {
        guard head < pushes.count else { return nil }
        let push = pushes[head]
        pushes[head] = .subscribed  // lets the payload go
        head += 1
        byteCount -= push.byteCount
        if head == pushes.count {
            pushes.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= pushes.count {
            pushes.removeFirst(head)
            head = 0
        }
        return push
    }
}

extension RedisPush {
    fileprivate var byteCount: Int {
        guard case .message(let channel, let payload) = self else { return 0 }
        return channel.utf8.count + payload.count
    }
}
