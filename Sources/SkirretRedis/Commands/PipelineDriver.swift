import NIOCore

/// The event loop's side of a client: sends what callers left, matches replies to requests, keeps the deadlines.
///
/// A request is in exactly one place: in the outbox, in `waiting` (not sent, or not done, so safe to send on the next
/// connection), or in `sent` (awaiting its replies, in order). Whatever ends it, it is resumed here.
///
/// What Redis refuses for now (`READONLY`, `LOADING`, `MASTERDOWN`, `BUSY`) was not done: the connection is retired and
/// the request waits for the next one, as long as its deadline allows. So does what may be repeated, when the connection
/// ends before its answer.
final class PipelineDriver {
    private let outbox: Outbox
    private let link: Link
    private let options: RedisOptions
    private let connections: ConnectionCount
    private var fetched = Outbox.Contents()
    private var waiting = CircularBuffer<Request>()
    private var sent = CircularBuffer<SentRequest>()
    private var inFlightCommands = 0
    private var inFlightBytes = 0
    /// How many at the front of `waiting` were sent before.
    private var returned = 0
    /// Used again for each burst; see `flush`.
    private var bytes = ByteBuffer()
    private var deadlineTimer: (at: NIODeadline, task: Scheduled<Void>)?

    /// A written buffer above this size is given back instead of kept.
    ///
    /// 1 MiB.
    private static let keptBufferBytes = 1 << 20

    init(outbox: Outbox, link: Link, connections: ConnectionCount) {
        self.connections = connections
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
        returned = 0
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
        returned -= waiting.prefix(returned).count(where: isLost)
        waiting.removeAll { request in
            guard isLost(request) else { return false }
            request.continuation.resume(returning: .failure(error(request)))
            return true
        }
    }

    private func failSent(_ error: RedisError, isRepeatedWherePossible: Bool) {
        inFlightCommands = 0
        inFlightBytes = 0
        while var lost = sent.popFirst() {
            if isRepeatedWherePossible, lost.isAwaited, lost.request.isRepeatable {
                var request = lost.request
                request.repeats += 1
                putBack(request)
            } else {
                lost.finish(.failure(error))
            }
        }
    }

    /// To be sent on the next connection, before what came later.
    private func putBack(_ request: Request) {
        waiting.insert(request, at: waiting.index(waiting.startIndex, offsetBy: returned))
        returned += 1
        keepDeadline(request.deadline)
    }

    func close() -> EventLoopFuture<Void> {
        outbox.close()
        outbox.fetch(&fetched)
        waiting.append(contentsOf: fetched.requests)
        fetched = Outbox.Contents()
        deadlineTimer?.task.cancel()
        failWaiting(where: { _ in true }, with: { _ in Outbox.clientClosed })
        failSent(Outbox.clientClosed, isRepeatedWherePossible: false)
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
                .timedOut, "\(sent[index].request.name): no answer from \(link.place) in time",
                hint: "Redis is frozen, overloaded, or running a slow command; see SLOWLOG and INFO.")
            sent[index].finish(.failure(error))
        }
        link.abandonConnection(
            .closed("the connection to \(link.place) was given up because an earlier command had no answer"))
    }

    private func overdueBeforeSending(_ request: Request) -> RedisError {
        if let refusal = request.refusal { return refusal }
        if let failure = link.lastFailure, !link.isReady {
            switch failure.code {
            case .closed, .timedOut, .readOnly:
                return RedisError(
                    .unreachable, "\(request.name): no connection to Redis at \(link.place) (\(failure.message))",
                    hint: "Is it running, and does the Redis URL name it?")
            default: return failure
            }
        }
        guard link.isReady else {
            return RedisError(
                .unreachable,
                "\(request.name): no connection to Redis at \(link.place) in time (attempt \(link.attempt))",
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
        connections.increment()
        sendWaiting()
    }

    func linkReceived(_ reply: RedisValue) {
        guard !sent.isEmpty else {
            return link.abandonConnection(
                RedisError(
                    .protocolViolation, "\(link.place) sent a reply that nothing asked for",
                    hint: "Is something between us and Redis that changes replies?"))
        }
        let isRefused = isRefusedForNow(reply)
        if !isRefused, !sent[sent.startIndex].take(reply) { return }
        let done = sent.removeFirst()
        inFlightCommands -= done.request.replyCount
        inFlightBytes -= done.byteCount
        if isRefused { putBack(done.request) }
        if link.isRetiring, sent.isEmpty {
            link.abandonConnection(link.lastFailure ?? .closed("\(link.place) serves nobody for now"))
        }
    }

    /// Retires the connection if the reply says so; true when the request itself is to be sent again.
    ///
    /// A batch keeps the refusal among its answers, as some of its commands may have been done.
    private func isRefusedForNow(_ reply: RedisValue) -> Bool {
        guard case .error(let text) = reply, RedisError.isRefusalForNow(text) else { return false }
        let error = RedisError(reply: text, to: sent[sent.startIndex].request.name)
        link.retire(because: error)
        guard case .one = sent[sent.startIndex].request.work, sent[sent.startIndex].isAwaited else { return false }
        sent[sent.startIndex].request.refusal = error
        return true
    }

    func linkReceivedBurst() {
        sendWaiting()
    }

    func linkIsLost(_ error: RedisError) {
        failSent(error, isRepeatedWherePossible: error.code == .closed || link.isRetiring)
    }

    func linkCouldNotConnect(_ error: RedisError, isFinal: Bool) {
        if isFinal { failWaiting(where: { _ in true }, with: { _ in error }) }
    }
}
