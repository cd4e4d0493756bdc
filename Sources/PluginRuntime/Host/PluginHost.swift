public import CeleryProtocol
public import Logging
public import NIOCore
public import NIOPosix
import Synchronization

import struct Foundation.Date

/// Runs plugins, each in a process of its own, and answers calls on them.
///
///     call ──▶ PluginHost ── spawn ──▶ ForkServer (python -m skirret_host.server)
///               │                          │ fork
///               └──── frames, output ◀──▶ PluginChild (one plugin, one generation of its code)
///
/// The first call of a plugin starts its process, which then stays warm; calls overlap in it. Other code, which is another
/// fingerprint, gets another process, and the old one ends with its last call. A plugin that crashes is started again by
/// its next call, after growing pauses, and rests after five crashes in a minute.
///
///     let host = PluginHost(environment)
///     async let running: Void = host.run()
///     let answer = try await host.call(.run(…), on: plugin.identity) { event in … }
public final class PluginHost: Sendable {
    /// Takes what a plugin says outside any call: its own threads, and the host's notices about it.
    public typealias BackgroundEvents = @Sendable (_ plugin: PluginIdentity, _ event: PluginEvent) async -> Void

    /// Bytes of one call's frame.
    ///
    /// 64 MiB, the Python side's bound; uploads travel as files.
    static let requestLimit = 64 << 20

    private struct Slot {
        var generations: Generations
        var child: PluginChild?
        var history: CrashHistory
    }

    private struct State {
        var slots: [String: Slot] = [:]
        /// All that have not ended, those of older generations too.
        var children: [ObjectIdentifier: PluginChild] = [:]
        var isStopped = false
    }

    private struct Start: Sendable {
        let child: PluginChild
        let pause: Duration
    }

    /// What ``run()`` has a task of its own for.
    private enum Job: Sendable {
        case start(Start)
        case order(PluginTaskOrder, of: PluginChild)
    }

    private struct BackgroundEvent: Sendable {
        let plugin: PluginIdentity
        let event: PluginEvent
    }

    private let options: PluginHostOptions
    private let loops: any EventLoopGroup
    private let logger: Logger
    private let server: ForkServer
    private let background: BackgroundEvents
    private let backgroundMailbox = EventMailbox<BackgroundEvent, Void>()
    private let acceptance: PluginTaskAcceptance?
    private let jobs: AsyncStream<Job>
    private let toDo: AsyncStream<Job>.Continuation
    private let state = Mutex(State())

    /// A host that does nothing until ``run()``.
    ///
    /// - Parameters:
    ///   - environment: what its processes start with.
    ///   - options: limits, and how patient it is.
    ///   - eventLoopGroup: where sockets are served.
    ///   - logger: told of crashes and of what cannot be understood.
    ///   - acceptance: takes the tasks that plugins' code sends. Without it they go to Redis straight from their processes.
    ///   - background: takes what plugins say outside any call.
    public init(
        _ environment: PythonEnvironment, options: PluginHostOptions = .init(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        logger: Logger = Logger(label: "skirret.plugins"), acceptance: PluginTaskAcceptance? = nil,
        background: @escaping BackgroundEvents = { _, _ in }
    ) {
        self.options = options
        self.loops = eventLoopGroup
        self.logger = logger
        self.acceptance = acceptance
        self.background = background
        server = ForkServer(environment, on: eventLoopGroup.next(), logger: logger)
        (jobs, toDo) = AsyncStream.makeStream()
    }

    /// Runs the fork server and every plugin's process, until the task is cancelled; then all of them are gone.
    ///
    /// Call it once. Calls made before it wait for it, up to the start deadline.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.server.run() }
            group.addTask { await self.pumpBackground() }
            for await job in jobs {
                switch job {
                case .start(let start): group.addTask { await self.supervise(start) }
                case .order(let order, let child): group.addTask { await self.accept(order, of: child) }
                }
            }
            stop()
            group.cancelAll()
        }
    }

    // MARK: calls

    /// Asks a plugin and waits for its answer; meanwhile `events` gets what it tells, in order, one at a time.
    ///
    /// The call is over when this returns: the plugin has answered, has stopped, or its process is gone. Cancelling the task
    /// asks the plugin to stop, and kills its process when it has not done so within `grace`.
    ///
    /// - Parameters:
    ///   - request: what is asked.
    ///   - plugin: whom; the fingerprint decides in which generation's process.
    ///   - taskID: the task on whose behalf, told to the plugin.
    ///   - deadline: time for the plugin's own work, from when its process has the call. 60 s by default.
    ///   - grace: time between being asked to stop and being killed. 1.5 s, so that a call ends within its deadline and 2 s.
    ///   - events: what the plugin tells. While it is slow, what exceeds 4 MiB is dropped and counted.
    /// - Returns: the plugin's result.
    /// - Throws: ``PluginError`` with the code that says what became of it.
    public func call(
        _ request: PluginCall, on plugin: PluginIdentity, taskID: String? = nil, deadline: Duration = .seconds(60),
        grace: Duration = .milliseconds(1500), events: @Sendable (PluginEvent) async -> Void = { _ in }
    ) async throws(PluginError) -> JSONValue {
        let mailbox = CallMailbox()
        let (child, id) = try begin(
            request, on: plugin, taskID: taskID, deadline: deadline, grace: grace, mailbox: mailbox)
        let outcome = await withTaskCancellationHandler {
            while true {
                switch await mailbox.next() {
                case .event(let event): await events(event)
                case .missing(let count): await events(.missing(count, "messages"))
                case .end(let outcome): return outcome
                }
            }
        } onCancel: {
            child.cancel(id)
        }
        return try outcome.get()
    }

    /// Tells a plugin to stop, if it is running here, and ends its process.
    ///
    /// A plugin that is not running is not started for it.
    ///
    /// What goes wrong in the plugin's `stop` is told as an event and stops nothing.
    public func stop(
        _ plugin: PluginIdentity, reason: String, context: PluginContext, deadline: Duration = .seconds(10),
        events: @Sendable (PluginEvent) async -> Void = { _ in }
    ) async {
        let running = state.withLock { $0.slots[plugin.key]?.child }
        guard let running, running.isOpen else { return }
        do {
            _ = try await call(
                .stop(reason: reason, context: context), on: running.plugin, deadline: deadline, events: events)
        } catch {
            await events(.notice("stop(\(reason)) failed: \(error)"))
        }
        running.retire()
    }

    /// Lets a plugin's process end with its last call; the next call starts another.
    public func retire(_ key: String) {
        state.withLock { $0.slots[key]?.child }?.retire()
    }

    /// Forgets a plugin's crashes, so that a suspended one may be called again.
    public func resume(_ key: String) {
        state.withLock { $0.slots[key]?.history = freshHistory() }
    }

    private func begin(
        _ request: PluginCall, on plugin: PluginIdentity, taskID: String?, deadline: Duration, grace: Duration,
        mailbox: CallMailbox
    ) throws(PluginError) -> (PluginChild, CallID) {
        // A process may close its doors between being chosen and being asked; twice in a row is not bad luck any more.
        for _ in 0..<3 {
            let child = try child(for: plugin)
            let id = try child.begin(request, taskID: taskID, deadline: deadline, grace: grace, mailbox: mailbox)
            if let id { return (child, id) }
        }
        throw .noProcess(plugin.key, within: .zero)
    }

    // MARK: processes

    private func child(for plugin: PluginIdentity) throws(PluginError) -> PluginChild {
        let now = ContinuousClock.now
        let choice = state.withLock { state -> Result<PluginChild, PluginError> in
            guard !state.isStopped else { return .failure(.stopping) }
            var slot =
                state.slots[plugin.key]
                ?? Slot(generations: Generations(plugin.fingerprint), child: nil, history: freshHistory())
            defer { state.slots[plugin.key] = slot }
            if slot.generations.moveOn(to: plugin.fingerprint, at: now) {
                slot.child?.retire()
                (slot.child, slot.history) = (nil, freshHistory())
            }
            if let child = slot.child, child.isOpen { return .success(child) }
            switch slot.history.admission(at: now) {
            case .suspended(let until):
                return .failure(.suspended(plugin.key, for: until - now, slot.history.reason))
            case .start(let pause):
                let child = makeChild(plugin)
                slot.child = child
                state.children[ObjectIdentifier(child)] = child
                toDo.yield(.start(Start(child: child, pause: pause)))
                return .success(child)
            }
        }
        return try choice.get()
    }

    private func makeChild(_ plugin: PluginIdentity) -> PluginChild {
        let mailbox = backgroundMailbox
        let orders = { @Sendable [toDo] (child: PluginChild, order: PluginTaskOrder) in
            _ = toDo.yield(.order(order, of: child))
        }
        return PluginChild(plugin, options: options, on: loops.next(), logger: logger, orders: orders) { event in
            mailbox.post(BackgroundEvent(plugin: plugin, event: event), bytes: event.weight)
        }
    }

    /// A task that a plugin's code has sent; its thread waits for this answer.
    private func accept(_ order: PluginTaskOrder, of child: PluginChild) async {
        do {
            guard let acceptance else { throw PluginError.noAcceptance }
            try await acceptance(order, child.plugin)
            child.answer(order, refusal: nil)
        } catch {
            child.answer(order, refusal: "\(error)")
        }
    }

    private func freshHistory() -> CrashHistory {
        CrashHistory(
            limit: options.crashesBeforeSuspension, window: options.crashWindow, suspension: options.suspension)
    }

    /// One process from its start to its end.
    private func supervise(_ start: Start) async {
        let child = start.child
        do {
            try await Task.sleep(for: start.pause)
            let crash = child.crashReport(try await live(child))
            // Remembered first: whoever hears of the crash and calls again finds it counted.
            forget(child, crash)
            child.ended(crash)
        } catch {
            child.failedToStart(error as? PluginError ?? .stopping)
            forget(child, nil)
        }
    }

    private func live(_ child: PluginChild) async throws -> ProcessExit {
        let link: ChildLink
        let exit: EventLoopFuture<ProcessExit>
        do {
            (link, exit) = try await fork(child, from: server.connection())
        } catch let error as PluginError where error.code == .unavailable && !Task.isCancelled {
            // The server died between being handed out and being asked, or does not start: the next one decides.
            (link, exit) = try await fork(child, from: server.connection())
        }
        return await withTaskCancellationHandler {
            await link.end(exit)
        } onCancel: {
            child.end(.hostStopping)
        }
    }

    private func fork(
        _ child: PluginChild, from server: ForkServerConnection
    ) async throws -> (ChildLink, EventLoopFuture<ProcessExit>) {
        let link = try await ChildLink.open(child, frameLimit: options.maximumFrameBytes)
        do {
            let fork = try link.handOver(to: server, child.plugin, options, takesOrders: acceptance != nil)
            child.started(pid: try await fork.pid.get(), link: link)
            return (link, fork.exit)
        } catch {
            link.close()
            throw error
        }
    }

    private func forget(_ child: PluginChild, _ crash: CrashReport?) {
        let isSuspended = state.withLock { state in
            state.children[ObjectIdentifier(child)] = nil
            guard var slot = state.slots[child.plugin.key],
                slot.generations.current == child.plugin.fingerprint
            else { return false }
            if slot.child === child { slot.child = nil }
            defer { state.slots[child.plugin.key] = slot }
            guard let crash else { return false }
            return slot.history.record("\(crash)", at: .now)
        }
        guard let crash else { return }
        logger.warning(
            "plugin process crashed", metadata: ["plugin": "\(child.plugin.key)", "exit": "\(crash)"])
        tell(child.plugin, "Its process \(crash).")
        if isSuspended {
            let reason =
                "It crashed \(options.crashesBeforeSuspension) times within \(options.crashWindow) and rests for "
                + "\(options.suspension). The last time its process \(crash)."
            tell(child.plugin, reason)
            tell(
                child.plugin,
                .suspended(
                    until: Date().addingTimeInterval(Double(options.suspension.components.seconds)), reason: reason))
        }
    }

    private func tell(_ plugin: PluginIdentity, _ message: String) {
        tell(plugin, .notice(message, level: .error))
    }

    private func tell(_ plugin: PluginIdentity, _ event: PluginEvent) {
        backgroundMailbox.post(BackgroundEvent(plugin: plugin, event: event), bytes: event.weight)
    }

    private func pumpBackground() async {
        while true {
            switch await backgroundMailbox.next() {
            case .event(let item): await background(item.plugin, item.event)
            case .missing(let count): logger.warning("background events dropped", metadata: ["count": "\(count)"])
            case .end: return
            }
        }
    }

    private func stop() {
        let children = state.withLock { state in
            state.isStopped = true
            return Array(state.children.values)
        }
        toDo.finish()
        // Those that nobody supervises yet have only held calls; the others are ended by their supervisors.
        for child in children where child.status.pid == nil { child.failedToStart(.stopping) }
        backgroundMailbox.end(())
    }
}

extension PluginHost {
    /// One process, for people who ask what is running.
    public struct ProcessStatus: Sendable, Hashable {
        /// Whose it is.
        public let plugin: PluginIdentity
        /// Its process id, nil until it exists.
        public let pid: Int32?
        /// Calls that it has and has not answered.
        public let calls: Int
        /// Whether it takes new calls; a process of an older generation does not.
        public let takesCalls: Bool
    }

    /// Every process that has not ended, those of older generations too; by key.
    public var processes: [ProcessStatus] {
        let children = state.withLock { Array($0.children.values) }
        return children.map { child in
            let status = child.status
            return ProcessStatus(plugin: child.plugin, pid: status.pid, calls: status.calls, takesCalls: child.isOpen)
        }.sorted { ($0.plugin.key, $0.pid ?? 0) < ($1.plugin.key, $1.pid ?? 0) }
    }
}
