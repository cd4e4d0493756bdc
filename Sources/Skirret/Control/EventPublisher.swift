import CeleryProtocol
import Foundation
import SkirretRedis
import Synchronization

/// Tells the fleet what this worker does, as Celery's events: Flower and `celery events` show it as their own.
///
/// Worker events go out at once; task events only when enabled, in batches of the moment.
final class EventPublisher: Sendable {
    private struct State {
        var sendsTaskEvents: Bool
        /// Celery's Lamport clock.
        var clock = 0
        var processed: [String: Int] = [:]
        var pending: [JSONObject] = []
    }

    private let state: Mutex<State>
    private let queue: TaskQueue
    private let held: HeldClaims
    private let sendsHeartbeats: Bool
    /// Rings when task events are there to be sent.
    private let bell = Doorbell()
    private let source: EventSource
    /// Seconds between two heartbeats; monitors give a worker up after twice as many.
    private let frequency: Double
    private static let mostPending = 10_000
    /// Events of one moment go out together.
    private static let moment = Duration.milliseconds(50)
    /// Celery's clocks count events; what lies beyond was never counted, but forged.
    private static let latestClock = 1 << 53

    init(queue: TaskQueue, options: WorkerOptions, held: HeldClaims) {
        self.queue = queue
        self.held = held
        frequency = options.heartbeat.seconds
        sendsHeartbeats = options.sendsHeartbeatEvents
        source = EventSource(node: options.name, pid: Int(ProcessInfo.processInfo.processIdentifier))
        state = Mutex(State(sendsTaskEvents: options.sendsTaskEvents))
    }

    // MARK: what happened

    func received(_ message: TaskMessage) { note(.taskReceived(message.headers)) }

    func started(_ message: TaskMessage) { note(.taskStarted(message.headers.id)) }

    func ended(_ delivery: Delivery, _ outcome: Outcome, after runtime: Duration) {
        let id = delivery.id
        switch outcome {
        case .succeeded(let value):
            note(.taskSucceeded(id, result: pythonRepr(value), runtimeSeconds: runtime.seconds))
        case .failed(let failure):
            note(.taskFailed(id, exception: failure.pythonDescription, traceback: failure.traceback))
        case .retry(_, let failure):
            note(.taskRetried(id, exception: failure.pythonDescription, traceback: failure.traceback))
        case .revoked(let why):
            let isTerminated = why == .terminated
            note(.taskRevoked(id, terminated: isTerminated, signal: isTerminated ? 15 : nil, expired: why == .expired))
        case .rejected(let reason, let requeues):
            if !requeues {
                note(.taskFailed(id, exception: TaskFailure.rejected(reason).pythonDescription, traceback: nil))
            }
            note(.taskRejected(id, requeue: requeues))
        case .early, .crashed, .handedBack, .leaseLost, .ignored, .replaced: return
        }
        state.withLock { $0.processed[delivery.name, default: 0] += 1 }
    }

    // MARK: clock and counts

    /// One tick, or a jump past a clock that was heard of.
    @discardableResult
    func tick(hearing other: Int = 0) -> Int {
        state.withLock { state in
            if other < Self.latestClock { state.clock = max(state.clock, other) }
            state.clock += 1
            return state.clock
        }
    }

    var processed: [String: Int] { state.withLock { $0.processed } }

    /// Turns task events on or off; says whether that changed anything.
    func enableTaskEvents(_ isEnabled: Bool) -> Bool {
        state.withLock { state in
            defer { state.sendsTaskEvents = isEnabled }
            return state.sendsTaskEvents != isEnabled
        }
    }

    // MARK: sending

    /// Sends batches until cancelled; heartbeats go with the lease's own, see ``heartbeatEvent``.
    ///
    /// Events are at most once by nature: what cannot be sent is dropped.
    func run() async throws {
        await publish(EventMessage(fields(.workerOnline(vitals))))
        while true {
            try await bell.wait(atMost: .seconds(3600))
            guard hasPending else { continue }
            try await ContinuousClock().sleep(for: Self.moment)
            await flush()
        }
    }

    private var hasPending: Bool { state.withLock { !$0.pending.isEmpty } }

    /// What monitors are told with each heartbeat; nil when they shall hear none.
    var heartbeatEvent: (channel: String, payload: [UInt8])? {
        guard sendsHeartbeats else { return nil }
        let message = EventMessage(fields(.workerHeartbeat(vitals)))
        return (channel(of: message), message.encoded())
    }

    func heartbeat() async { await publish(EventMessage(fields(.workerHeartbeat(vitals)))) }

    func leave() async throws(RedisError) {
        await flush()
        await publish(EventMessage(fields(.workerOffline(vitals))))
    }

    private func note(_ event: @autoclosure () -> WorkerEvent) {
        guard state.withLock({ $0.sendsTaskEvents && $0.pending.count < Self.mostPending }) else { return }
        let fields = fields(event())
        let isFirst = state.withLock { state in
            state.pending.append(fields)
            return state.pending.count == 1
        }
        if isFirst { bell.ring() }
    }

    private func fields(_ event: WorkerEvent) -> JSONObject {
        event.fields(from: source, clock: tick(), at: Date())
    }

    private func flush() async {
        let batch = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        if !batch.isEmpty { await publish(EventMessage(batch: batch)) }
    }

    private func channel(of message: EventMessage) -> String {
        FanoutChannel.events(
            routingKey: message.routingKey, database: queue.url.database, keyPrefix: queue.keys.prefix)
    }

    private func publish(_ message: EventMessage) async {
        // Pub/sub keeps nothing for anybody; an event that cannot be sent now is an event nobody would have heard.
        _ = try? await queue.redis.send("PUBLISH", .init(channel(of: message)), .init(message.encoded()))
    }

    private var vitals: WorkerVitals {
        var load = [0.0, 0, 0]
        getloadavg(&load, 3)
        return WorkerVitals(
            frequency: frequency, active: held.count, processed: processed.values.reduce(0, +),
            loadAverage: load.map { ($0 * 100).rounded() / 100 },
            software: .init(identity: "skirret", version: Release.version, system: "Linux"))
    }
}
