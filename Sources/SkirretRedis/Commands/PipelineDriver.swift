import NIOCore

/// The event loop's side of a client: sends what callers left, matches replies to requests, keeps the deadlines.
///
/// A request is in exactly one place: in the outbox, in `waiting` (not sent, so safe to send on the next connection), or
/// in `sent` (awaiting its replies, in order). Whatever ends it, it is resumed here.
final class PipelineDriver {
    private let outbox: Outbox
    private let link: Link
    private let options: RedisOptions
    private var fetched = Outbox.Contents()
    private var waiting = CircularBuffer<Request>()
    private var sent = CircularBuffer<SentRequest>()
    private var inFlightCommands = 0
    private var inFlightBytes = 0
    /// Used again for each burst; see `flush`.
    private var bytes = ByteBuffer()
    private var deadlineTimer: (at: NIODeadline, task: Scheduled<Void>)?

    /// A written buffer above this size is given back instead of kept.
    ///
    /// 1 MiB.
    private static let keptBufferBytes = 1 << 20

    init(outbox: Outbox, link: Link) {
        self.outbox = outbox
        self.link = link
        options = link.options
        link.start(for: self)
    }

    /// Takes over what callers left since the last time.
    func drain() {
        outbox.fetch(&fetched)
        for request in fetched.requests {
            waiting.append(request)
            keepDeadline(request.deadline)
        }
        fetched.requests.removeAll(keepingCapacity: true)
        if !fetched.cancelled.isEmpty {
            cancel(fetched.cancelled)
            fetched.cancelled.removeAll()
        }
        sendWaiting()
    }

    private func cancel(_ ids: Set<UInt64>) {
        failWaiting(where: { ids.contains($0.id) }, with: { _ in .cancelled })
        for index in sent.indices where ids.contains(sent[index].request.id) {
            sent[index].finish(.failure(.cancelled))
        }
    }

    private func sendWaiting() {
        guard !waiting.isEmpty else { return }
        guard link.isReady else { return link.demand() }
        while hasRoom, let request = waiting.popFirst() {
            let before = bytes.writerIndex
            request.write(to: &bytes)
            let byteCount = bytes.writerIndex - before
            inFlightCommands += request.replyCount
            inFlightBytes += byteCount
            sent.append(SentRequest(request, byteCount: byteCount))
        }
        flush()
    }

    private var hasRoom: Bool {
        inFlightCommands < options.maximumInFlightCommands && inFlightBytes < options.maximumInFlightBytes
    }

    private func flush() {
        guard bytes.readableBytes > 0 else { return }
        link.send(bytes)
        // Normally the socket has taken everything by now and the storage is ours again; else this allocates.
        if bytes.capacity > Self.keptBufferBytes { bytes = ByteBuffer() } else { bytes.clear() }
    }

    private func failWaiting(where isLost: (Request) -> Bool, with error: (Request) -> RedisError) {
        guard waiting.contains(where: isLost) else { return }
        waiting.removeAll { request in
            guard isLost(request) else { return false }
            request.continuation.resume(returning: .failure(error(request)))
            return true
        }
    }

    private func failSent(_ error: RedisError) {
        inFlightCommands = 0
        inFlightBytes = 0
        while var lost = sent.popFirst() { lost.finish(.failure(error)) }
    }

    func close() -> EventLoopFuture<Void> {
        outbox.close()
        outbox.fetch(&fetched)
        waiting.append(contentsOf: fetched.requests)
        fetched = Outbox.Contents()
        deadlineTimer?.task.cancel()
        failWaiting(where: { _ in true }, with: { _ in Outbox.clientClosed })
        failSent(Outbox.clientClosed)
        return link.close()
    }
}

// MARK: - Deadlines

extension PipelineDriver {
    /// One timer for all requests, set to the earliest deadline; most requests never see it fire.
    private func keepDeadline(_ deadline: NIODeadline) {
        if let deadlineTimer {
            guard deadline < deadlineTimer.at else { return }
            deadlineTimer.task.cancel()
        }
        let task = link.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            deadlinePassed()
        }
        deadlineTimer = (deadline, task)
    }

    private func deadlinePassed() {
        deadlineTimer = nil
        let now = NIODeadline.now()
        failWaiting(where: { $0.deadline <= now }, with: overdueBeforeSending)
        if sent.contains(where: { $0.request.deadline <= now }) { giveUpConnection(now) }
        let earliest = min(
            waiting.lazy.map(\.deadline).min() ?? .distantFuture,
            sent.lazy.map(\.request.deadline).min() ?? .distantFuture)
        // Not sooner than this, so that many deadlines close together cost one look each few milliseconds.
        if earliest != .distantFuture { keepDeadline(max(earliest, now + .milliseconds(5))) }
    }

    /// Replies come in order, so behind an overdue one nothing else can arrive.
    private func giveUpConnection(_ now: NIODeadline) {
        for index in sent.indices where sent[index].request.deadline <= now {
            let error = RedisError(
                .timedOut, "\(sent[index].request.name): no answer from \(link.url.address) in time",
                hint: "Redis is frozen, overloaded, or running a slow command; see SLOWLOG and INFO.")
            sent[index].finish(.failure(error))
        }
        link.abandonConnection(
            .closed("the connection to \(link.url.address) was given up because an earlier command had no answer"))
    }

    private func overdueBeforeSending(_ request: Request) -> RedisError {
        if let failure = link.lastFailure, !link.isReady {
            return failure.code == .loading || failure.code == .authentication || failure.code == .unreachable
                ? failure
                : RedisError(
                    .unreachable, "\(request.name): no connection to Redis at \(link.url.address) (\(failure.message))",
                    hint: "Is it running, and does the Redis URL name it?")
        }
        guard link.isReady else {
            return RedisError(
                .unreachable,
                "\(request.name): no connection to Redis at \(link.url.address) in time (attempt \(link.attempt))",
                hint: "Is it running, and does the Redis URL name it?")
        }
        return RedisError(
            .unreachable,
            "\(request.name): not sent in time, \(inFlightCommands) commands with \(inFlightBytes) bytes are ahead of it",
            hint: "Send less at once, or use a second client for bulk work.")
    }
}

// MARK: - What the link tells

extension PipelineDriver: LinkOwner {
    var wantsConnection: Bool { !waiting.isEmpty }

    func linkIsReady() {
        sendWaiting()
    }

    func linkReceived(_ reply: RedisValue) {
        guard !sent.isEmpty else {
            return link.abandonConnection(
                RedisError(
                    .protocolViolation, "\(link.url.address) sent a reply that nothing asked for",
                    hint: "Is something between us and Redis that changes replies?"))
        }
        if case .error(let text) = reply, text.hasPrefix("READONLY") { link.retire() }
        guard sent[sent.startIndex].take(reply) else { return }
        let done = sent.removeFirst()
        inFlightCommands -= done.request.replyCount
        inFlightBytes -= done.byteCount
        if link.isRetiring, sent.isEmpty {
            link.abandonConnection(.closed("\(link.url.address) is read-only"))
        }
    }

    func linkReceivedBurst() {
        sendWaiting()
    }

    func linkIsLost(_ error: RedisError) {
        failSent(error)
    }

    func linkCouldNotConnect(_ error: RedisError, isFinal: Bool) {
        if isFinal { failWaiting(where: { _ in true }, with: { _ in error }) }
    }
}
