import CeleryProtocol
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// One process of one generation of a plugin, and the calls in it.
///
/// ``ChildState`` decides; this class keeps the decisions' handles (socket, process, timers, mailboxes) and acts.
/// Everything it does under its lock is a hand-over: writes go through the loop, a kill is one system call.
final class PluginChild: Sendable {
    private struct State {
        var machine: ChildState
        var calls: [CallID: CallRecord] = [:]
        var lastID = 0
        var link: ChildLink?
        var pid: Int32?
        var recent = RecentLines()
        var events: CountingGate
        var lines: CountingGate
        var orders = OpenOrders()
    }

    let plugin: PluginIdentity
    let loop: any EventLoop
    private let options: PluginHostOptions
    private let logger: Logger
    /// Takes what belongs to no call.
    private let background: @Sendable (PluginEvent) -> Void
    /// Takes what its code sends; each is answered by ``answer(_:refusal:)``.
    private let orders: @Sendable (PluginChild, PluginTaskOrder) -> Void
    private let state: Mutex<State>

    init(
        _ plugin: PluginIdentity, options: PluginHostOptions, on loop: any EventLoop, logger: Logger,
        orders: @escaping @Sendable (PluginChild, PluginTaskOrder) -> Void,
        background: @escaping @Sendable (PluginEvent) -> Void
    ) {
        self.plugin = plugin
        self.options = options
        self.loop = loop
        self.logger = logger
        self.orders = orders
        self.background = background
        state = Mutex(
            State(
                machine: ChildState(callLimit: options.callsPerPlugin),
                events: CountingGate(
                    RateGate(perSecond: options.eventsPerSecond, burst: options.eventsPerSecond * 2),
                    // A flood would fill the task's log with word of itself.
                    tellingEvery: .seconds(1)),
                lines: CountingGate(
                    RateGate(perSecond: options.linesPerSecond, burst: options.linesPerSecond * 10))))
    }

    var isOpen: Bool { state.withLock { $0.machine.isOpen } }

    var status: (phase: ChildState.Phase, calls: Int, pid: Int32?) {
        state.withLock { ($0.machine.phase, $0.machine.callCount, $0.pid) }
    }

    // MARK: calls

    /// Takes a call in; nil when this process takes none any more.
    func begin(
        _ call: PluginCall, taskID: String?, deadline: Duration, grace: Duration, mailbox: CallMailbox
    ) throws(PluginError) -> CallID? {
        let id = state.withLock { state in
            state.lastID += 1
            return CallID(rawValue: state.lastID)
        }
        let json = call.frame(id: id, taskID: taskID, key: plugin.key)
        guard json.count <= PluginHost.requestLimit else { throw .requestTooLarge(plugin.key, json.count) }
        let record = CallRecord(
            request: FrameBuffer.frame(json), summary: call.summary, deadline: deadline, grace: grace, mailbox: mailbox)

        let admission = state.withLock { state in
            let admission = state.machine.admit(id)
            switch admission {
            case .send:
                state.calls[id] = record
                send(id, &state)
            case .hold:
                state.calls[id] = record
                let overdue = loop.scheduleTask(in: TimeAmount(options.startDeadline)) { self.startOverdue(id) }
                state.calls[id]?.timers.append(overdue)
            case .busy, .gone:
                break
            }
            return admission
        }
        switch admission {
        case .send, .hold: return id
        case .gone: return nil
        case .busy: throw .busy(plugin.key, options.callsPerPlugin)
        }
    }

    /// The caller is gone: the call is asked to stop, and killed when it does not within its grace.
    func cancel(_ id: CallID) {
        state.withLock { askToStop(id, .cancelled, &$0) }
    }

    /// Writes the call and starts its clock.
    private func send(_ id: CallID, _ state: inout State) {
        guard let request = state.calls[id]?.request, let deadline = state.calls[id]?.deadline else { return }
        write(request, state)
        let timer = loop.scheduleTask(in: TimeAmount(deadline)) {
            self.state.withLock { self.askToStop(id, .deadline, &$0) }
        }
        state.calls[id]?.request = nil
        state.calls[id]?.timers.append(timer)
    }

    private func askToStop(_ id: CallID, _ reason: ChildState.StopReason, _ state: inout State) {
        switch state.machine.askToStop(id, reason) {
        case .sendCancel:
            write(FrameBuffer.frame(PluginCall.cancelFrame(id: id)), state)
            let grace = state.calls[id]?.grace ?? .zero
            let timer = loop.scheduleTask(in: TimeAmount(grace)) {
                self.state.withLock { state in
                    if state.machine.graceOver(id) == .kill { self.kill(state) }
                }
            }
            state.calls[id]?.timers.append(timer)
        case .settle:
            settle(id, .failure(.cancelled(plugin.key, state.calls[id]?.summary ?? "call")), &state)
        case .kill, .nothing:
            break
        }
    }

    private func startOverdue(_ id: CallID) {
        state.withLock { state in
            guard state.calls[id]?.request != nil else { return }
            settle(id, .failure(.noProcess(plugin.key, within: options.startDeadline)), &state)
        }
    }

    private func settle(_ id: CallID, _ outcome: Result<JSONValue, PluginError>, _ state: inout State) {
        guard let record = state.calls.removeValue(forKey: id) else { return }
        for timer in record.timers { timer.cancel() }
        for event in Self.takeMissing(&state) { record.mailbox.post(event, bytes: event.weight) }
        record.mailbox.end(outcome)
        if state.machine.settle(id) { close(state) }
    }

    // MARK: the process

    /// No more calls come here; it ends with its last one.
    func retire() {
        state.withLock { state in
            if state.machine.retire() { close(state) }
        }
    }

    /// Ends it now, calls or not.
    func end(_ cause: ChildState.EndCause) {
        state.withLock { state in
            if state.machine.end(cause) { kill(state) }
        }
    }

    /// The process exists: what was held is sent.
    func started(pid: Int32, link: ChildLink) {
        state.withLock { state in
            state.pid = pid
            state.link = link
            for id in state.machine.spawned() { send(id, &state) }
            switch state.machine.phase {
            case .ending, .ended: kill(state)
            case .spawning, .ready, .draining: break
            }
        }
    }

    /// The report of an end that nobody asked for; nil for any other.
    func crashReport(_ exit: ProcessExit) -> CrashReport? {
        state.withLock { state in
            if exit == .unseen { _ = state.machine.end(.serverDied) }
            switch state.machine.phase {
            case .ending, .ended: return nil
            case .spawning, .ready, .draining: break
            }
            let lines = state.recent.text
            return CrashReport(
                signal: exit.signal, exitCode: exit.exitCode,
                isOutOfMemory: isOutOfMemory(exit, limit: options.limits.memoryBytes, lastLines: lines),
                hadTooManyProcesses: exit.excess == .processes,
                peakMemoryBytes: exit.peakMemoryBytes, lastLines: lines)
        }
    }

    /// The process is gone; every call that it did not answer gets its verdict.
    func ended(_ crash: CrashReport?) {
        state.withLock { state in
            for (id, verdict) in state.machine.ended() {
                guard let record = state.calls[id] else { continue }
                settle(id, .failure(.ended(plugin.key, verdict, record, crash)), &state)
            }
            (state.link, state.pid) = (nil, nil)
        }
    }

    /// No process came to be; every call gets the reason.
    func failedToStart(_ error: PluginError) {
        state.withLock { state in
            _ = state.machine.ended()
            for id in state.calls.keys { settle(id, .failure(error), &state) }
        }
    }

    private func write(_ frame: ByteBuffer, _ state: State) {
        guard let frames = state.link?.frames else { return }
        // Through the loop even from the loop: a failing write calls back, and this runs under the lock.
        loop.execute { frames.writeAndFlush(frame, promise: nil) }
    }

    private func close(_ state: State) {
        guard let frames = state.link?.frames else { return }
        loop.execute { frames.close(promise: nil) }
        // At the end of its socket it ends itself and its group. If it does not hear, it is made to.
        loop.scheduleTask(in: .milliseconds(500)) { self.state.withLock { self.kill($0) } }
    }

    private func kill(_ state: State) {
        if let pid = state.pid { killTree(pid) }
    }

    // MARK: what it says

    /// A frame from the process.
    func receive(_ bytes: [UInt8]) throws(FrameFault) {
        switch try ChildFrame(parsing: bytes) {
        case .result(let id, let value):
            afterOutput { self.settle(id, .success(value), &$0) }
        case .error(let id, let failure):
            afterOutput { state in
                guard let record = state.calls[id] else { return }
                let reason = state.machine.stopReason(of: id)
                self.settle(id, .failure(.raised(self.plugin.key, failure, record, stopped: reason)), &state)
            }
        case .event(let id, let event):
            state.withLock { accept(event, from: id, &$0) }
        case .order(let order):
            if state.withLock({ $0.orders.admit() }) {
                orders(self, order)
            } else {
                let refusal = "\(OpenOrders.limit) tasks of this plugin wait to be accepted already"
                state.withLock { write(FrameBuffer.frame(order.answer(refusal: refusal)), $0) }
            }
        case .unknown(let type):
            logger.warning("frame of a plugin ignored", metadata: ["plugin": "\(plugin.key)", "type": "\(type)"])
        }
    }

    /// Tells its code what became of a task that it has sent.
    func answer(_ order: PluginTaskOrder, refusal: String?) {
        state.withLock { state in
            state.orders.settle()
            write(FrameBuffer.frame(order.answer(refusal: refusal)), state)
        }
    }

    /// Its socket ended, in order or by a fault.
    func socketEnded(_ fault: FrameFault?) {
        if let fault { end(.malformed(fault.reason)) }
        // A process that cannot be spoken with is of no use; if it is gone already, its group may not be.
        state.withLock { kill($0) }
    }

    /// A line that it printed.
    func printed(_ kept: [UInt8], cut: Int, on stream: PluginOutputStream) {
        state.withLock { state in
            state.recent.append(kept)
            guard case .pass(let missing) = state.lines.admit(at: .now) else { return }
            let event = PluginEvent.output(stream, line: outputText(kept, cut: cut))
            let events = missing > 0 ? [.missing(missing, "lines"), event] : [event]
            // A pipe does not say which call wrote. While several run, each of them gets the line.
            for event in events { post(event, to: Array(state.calls.keys), state) }
        }
    }

    private func accept(_ event: PluginEvent, from id: CallID?, _ state: inout State) {
        let verdict: CountingGate.Verdict
        let kind: String
        if case .log = event {
            (verdict, kind) = (state.lines.admit(at: .now), "lines")
        } else {
            (verdict, kind) = (state.events.admit(at: .now), "events")
        }
        guard case .pass(let missing) = verdict else { return }
        // A call that is over, or none: the plugin's own threads go on talking.
        let target = id.flatMap { state.calls[$0] == nil ? nil : [$0] } ?? []
        if missing > 0 { post(.missing(missing, kind), to: target, state) }
        post(event, to: target, state)
    }

    private func post(_ event: PluginEvent, to calls: [CallID], _ state: State) {
        if calls.isEmpty { background(event) }
        for id in calls { state.calls[id]?.mailbox.post(event, bytes: event.weight) }
    }

    private static func takeMissing(_ state: inout State) -> [PluginEvent] {
        let counts = [(state.lines.takeMissing(), "lines"), (state.events.takeMissing(), "events")]
        return counts.filter { $0.0 > 0 }.map { .missing($0.0, $0.1) }
    }

    /// Acts once the output that was written before this frame has been read.
    ///
    /// What was printed before an answer was sent is read or lies in the pipes. A flood that never ends is waited for no
    /// longer than this.
    private func afterOutput(
        until limit: NIODeadline = .now() + .milliseconds(500), _ act: @escaping @Sendable (inout State) -> Void
    ) {
        let hasUnread = state.withLock { $0.link }?.hasUnreadOutput ?? false
        guard hasUnread, .now() < limit else { return state.withLock { act(&$0) } }
        loop.scheduleTask(in: .milliseconds(5)) { self.afterOutput(until: limit, act) }
    }
}

/// Whether a crash looks like a want of memory: at its limit, or the last words say so.
func isOutOfMemory(_ exit: ProcessExit, limit: Int, lastLines: [String]) -> Bool {
    if exit.excess == .memory { return true }
    if let peak = exit.peakMemoryBytes, peak >= limit / 10 * 8, exit.signal != nil { return true }
    return lastLines.suffix(5).contains { $0.hasPrefix("MemoryError") || $0.contains("Cannot allocate memory") }
}
