import Logging
import NIOCore
import Synchronization

/// How many connections a client has made, to be read from anywhere.
final class ConnectionCount: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }
    func increment() { count.add(1, ordering: .relaxed) }
}

/// The callers' side of a client: hands requests to the event loop and waits.
final class Pipeline: Sendable {
    private let outbox = Outbox()
    private let driver: NIOLoopBoundBox<PipelineDriver>
    let eventLoop: any EventLoop
    let executor: LoopTaskExecutor
    private let commandDeadline: Duration
    /// How many connections were made so far.
    let connections: ConnectionCount

    init(url: RedisURL, options: RedisOptions, eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        executor = LoopTaskExecutor(eventLoop)
        commandDeadline = options.commandDeadline
        connections = ConnectionCount()
        driver = .makeBoxSendingValue(
            PipelineDriver(
                outbox: outbox, link: Link(url: url, options: options, eventLoop: eventLoop, logger: logger),
                connections: connections),
            eventLoop: eventLoop)
    }

    func perform(_ work: Request.Work, deadline: Duration?) async throws(RedisError) -> RedisValue {
        guard !Task.isCancelled else { throw .cancelled }
        let id = outbox.nextID()
        let deadline = NIODeadline.now() + TimeAmount(deadline ?? commandDeadline)
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                leave(Request(id: id, work: work, deadline: deadline, continuation: continuation))
                // The handler below may have run before there was a request to cancel.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
        return try outcome.get()
    }

    private func leave(_ request: Request) {
        switch outbox.add(request) {
        case .nothing: break
        case .wake: wakeLoop(if: true)
        case .send: if eventLoop.inEventLoop { driver.value.drain() }
        }
    }

    private func cancel(_ id: UInt64) {
        wakeLoop(if: outbox.cancel(id))
    }

    private func wakeLoop(if mustWake: Bool) {
        guard mustWake else { return }
        eventLoop.execute { [driver] in driver.value.drain() }
    }

    func close() async {
        let closed = eventLoop.flatSubmit { [driver] in driver.value.close() }
        // A channel's close future does not fail.
        try? await closed.get()
    }

    /// Closes without waiting, when the last reference to the client has gone.
    func abandon() {
        eventLoop.execute { [driver] in _ = driver.value.close() }
    }
}
