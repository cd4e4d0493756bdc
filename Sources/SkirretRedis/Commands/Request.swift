import NIOCore

/// What one caller waits for: a command, or a batch that is awaited once.
struct Request: Sendable {
    enum Work: Sendable {
        case one(RedisCommand)
        /// Answered by one array, in order.
        case many([RedisCommand])
    }

    typealias Outcome = Result<RedisValue, RedisError>

    let id: UInt64
    let work: Work
    let deadline: NIODeadline
    /// Resumed exactly once, on the event loop, or by `Outbox.add` when the client is closed.
    let continuation: UnsafeContinuation<Outcome, Never>
    /// Why it was not done yet, if Redis refused it for now.
    var refusal: RedisError?
    /// How often it was sent again because a connection took its answer along.
    var repeats = 0

    /// A request that ends a connection each time it is sent shall not do so for ever.
    static let mostRepeats = 8

    /// Whether it may be sent again although Redis may have executed it.
    var isRepeatable: Bool {
        guard repeats < Self.mostRepeats else { return false }
        return switch work {
        case .one(let command): command.isRepeatable
        case .many(let commands): commands.allSatisfy(\.isRepeatable)
        }
    }

    /// How many replies answer it.
    var replyCount: Int {
        switch work {
        case .one: 1
        case .many(let commands): commands.count
        }
    }

    /// For error messages.
    var name: String {
        switch work {
        case .one(let command): command.name
        case .many(let commands): "\(commands.count) commands from \(commands.first?.name ?? "none")"
        }
    }

    func write(to bytes: inout ByteBuffer) {
        switch work {
        case .one(let command): bytes.writeCommand(command)
        case .many(let commands): for command in commands { bytes.writeCommand(command) }
        }
    }
}

/// A request that was sent: it swallows its replies even when its caller has gone.
struct SentRequest {
    var request: Request
    let byteCount: Int
    private var missing: Int
    private var replies: [RedisValue] = []
    private(set) var isAwaited = true

    init(_ request: Request, byteCount: Int) {
        self.request = request
        self.byteCount = byteCount
        missing = request.replyCount
    }

    /// Takes a reply; true when it was the last one.
    mutating func take(_ reply: RedisValue) -> Bool {
        missing -= 1
        if case .one = request.work {
            finish(.success(reply))
            return true
        }
        if isAwaited {
            if replies.isEmpty { replies.reserveCapacity(missing + 1) }
            replies.append(reply)
        }
        if missing == 0 { finish(.success(.array(replies))) }
        return missing == 0
    }

    /// Resumes the caller, unless it was resumed before.
    mutating func finish(_ outcome: Request.Outcome) {
        guard isAwaited else { return }
        isAwaited = false
        replies = []
        request.continuation.resume(returning: outcome)
    }
}
