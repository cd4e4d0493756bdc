import CeleryProtocol
import Foundation
public import Logging
import SkirretRedis

/// Claims messages and runs their tasks, beside as many other workers as there are, ours and Celery's.
///
/// A worker is a bundle of loops, each of which is one type: ``Claimer`` takes messages for free slots,
/// ``Executor`` runs them, ``Heartbeat`` renews what is held, ``Reaper`` gives back what dead workers held,
/// ``Promoter`` moves what is due, ``RemoteControl`` answers, ``EventPublisher`` tells.
public final class Worker: Sendable {
    let queue: TaskQueue
    private let registry: TaskRegistry
    let options: WorkerOptions
    let logger: Logger
    let held = HeldClaims()
    let consumed: ConsumedQueues
    private let settings: TaskSettings
    let claimBell = Doorbell()
    private let promoteBell = Doorbell()
    let intake: Intake
    let slots = Slots()
    let heavy = HeavyRuns()
    let alarm = Alarm()
    let autoscaler: Autoscaler
    private let events: EventPublisher
    private let log: TaskLog
    let settler: Settler
    let room: WaitingRoom
    let dealer: Dealer

    /// Prepares a worker; ``run()`` makes it work.
    ///
    /// - Parameters:
    ///   - queue: The broker.
    ///   - registry: The tasks it knows.
    ///   - options: How it works.
    ///   - logger: Where it tells what it does.
    public init(_ queue: TaskQueue, registry: TaskRegistry, options: WorkerOptions, logger: Logger) {
        self.queue = queue
        self.registry = registry
        let autoscaler = Autoscaler(queue: queue, bounds: options.autoscale)
        var options = options
        if options.autoscale != nil, options.rescale == nil { options.rescale = autoscaler.rescale }
        self.autoscaler = autoscaler
        self.options = options
        self.logger = logger
        consumed = ConsumedQueues(options.queues)
        settings = TaskSettings(defaults: options.timeLimits)
        intake = Intake(concurrency: options.autoscale?.lowerBound ?? options.concurrency, budget: options.mostTasks)
        events = EventPublisher(queue: queue, options: options, held: held)
        log = TaskLog(queue: queue)
        settler = Settler(queue: queue, options: options, isStopping: { [intake] in intake.isStopping })
        room = WaitingRoom(
            queue: queue, registry: registry, options: options, consumed: consumed, settler: settler,
            claimBell: claimBell, logger: logger)
        dealer = Dealer(queue: queue, logger: logger)
    }

    /// Works until ``stop()`` is called or the task is cancelled.
    ///
    /// For one call in a worker's life.
    ///
    /// - Throws: What kept it from starting; once it works, nothing but cancellation ends it.
    public func run() async throws {
        let settlements = Settlements(settler: settler)
        let executor = Executor(
            queue: queue, registry: registry, options: options, settings: settings, held: held, alarm: alarm,
            settler: settler, settlements: settlements, slots: slots, heavy: heavy, intake: intake, room: room,
            events: events,
            services: BodyServices(
                worker: options.name, logger: logger, log: log, queue: queue, settler: settler),
            logger: logger)
        let heartbeat = Heartbeat(
            queue: queue, options: options, held: held, events: events, describe: { [self] in description },
            introduce: { [self] () async throws(RedisError) in try await introduce() }, logger: logger)
        let enforcer = Enforcer(
            options: options, held: held, intake: intake, alarm: alarm, settler: settler, executor: executor,
            leave: { [self] in await depart(heartbeat) }, logger: logger)
        // A task of its own on purpose: it is what ends bodies when everything else was cancelled.
        let enforcing = Task(executorPreference: OwnThread(label: "skirret.enforcer")) { await enforcer.run() }
        let ended: Result<Void, any Error>
        do { ended = .success(try await work(executor, heartbeat)) } catch { ended = .failure(error) }
        alarm.turnOff()
        await enforcing.value
        try ended.get()
        await depart(heartbeat)
        logger.info("worker has stopped", metadata: ["worker": "\(options.name)"])
    }

    /// All loops, until the last of the work is done.
    private func work(_ executor: Executor, _ heartbeat: Heartbeat) async throws {
        let reaper = Reaper(
            queue: queue, options: options, settler: settler, executor: executor, promoteBell: promoteBell,
            room: room, dealer: dealer,
            logger: logger)
        let promoter = Promoter(queue: queue, wake: promoteBell, logger: logger)
        let control = RemoteControl(
            queue: queue, options: options, registry: registry, held: held, events: events, settings: settings,
            worker: self, logger: logger)
        let mingle = Mingle(queue: queue, options: options, events: events, logger: logger)
        // An idle wait of its own for every queue: a blocking command holds up all that follow it.
        let claimer = Claimer(queue: queue, options: options, consumed: consumed)
        let waits = QueueWaits(
            queue: queue, consumed: consumed, armed: claimer.armed, bell: claimBell, logger: logger
        ) { [self] answer in
            if !begin(answer, of: claimer.armed, executor) { claimer.armed.came(answer) }
        }

        try await withThrowingTaskGroup(of: Bool.self) { group in
            /// A loop that ends by itself, or fails, takes the worker with it.
            func loop(on executor: (any TaskExecutor)? = nil, _ run: @escaping @Sendable () async throws -> Void) {
                group.addTask(executorPreference: executor) {
                    try await run()
                    return false
                }
            }
            loop(on: OwnThread(label: "skirret.heartbeat")) { try await heartbeat.run() }
            loop { [self] in
                try await executor.settlements.run { [slots, intake, claimBell] ends in
                    executor.tell(ends)
                    if slots.endSettling(ends.count) || intake.isLeaving { claimBell.ring() }
                }
            }
            loop { try await reaper.run() }
            loop { try await promoter.run() }
            // On a thread of their own: a pool full of work must not keep anybody from asking, or from hearing of it.
            let aside = OwnThread(label: "skirret.control")
            loop(on: aside) { try await control.run() }
            loop(on: aside) { [events] in try await events.run() }
            loop { [self] in
                try await autoscaler.run(
                    queues: { [consumed] in consumed.names }, load: { [self] in (slots.running, concurrency) },
                    resize: { [self] in resize(concurrency: $0) })
            }
            group.addTask { [self] in
                if options.mingles { await mingle.run() }
                return false
            }
            loop { [dealer] in try await dealer.run() }
            loop { [room] in try await room.offerer.run() }
            loop { [room] in try await room.run { try await executor.tell($0) } }
            loop { [self] in try await keepLogs() }
            loop { [self] in try await listen() }
            // On the connection's own thread: from the wake-up to the claim nothing waits for another thread to wake up.
            let beside = queue.redis.executor
            loop(on: beside) { try await waits.run() }
            group.addTask(executorPreference: beside) { [self] in
                await withTaskCancellationHandler {
                    await claim(claimer, executor, waits)
                } onCancel: {
                    hurry()
                }
                return true
            }
            // Once the work is done the loops are cancelled; what they throw then says nothing new.
            for try await isWorkDone in group where isWorkDone { break }
            group.cancelAll()
        }
        await waits.close()
    }

    /// Says good-bye, but does not wait long for a broker that is away: a stop leads to an exit.
    private func depart(_ heartbeat: Heartbeat) async {
        let isSaid = await withTaskGroup(of: Bool.self) { group in
            group.addTask { [log, events, queue, options, logger] in
                do {
                    try await log.flush()
                    try await events.leave()
                    try await RemoteControl.leave(queue, node: options.name)
                    try await heartbeat.leave()
                } catch {
                    logger.debug("could not say good-bye", metadata: ["error": "\(error)"])
                    return false
                }
                return true
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: .milliseconds(400))  // cancelled when the other was faster
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        if !isSaid { logger.warning("could not say good-bye; the fleet will notice") }
    }

    /// Hears of new messages that no blocking wait would notice: other priorities, and scheduled ones.
    private func listen() async throws {
        try await queue.subscriber.withSubscription(channels: [queue.keys.wake]) { [self] messages in
            for try await push in messages {
                // Short texts need no memory, and a flood of scheduled tasks is a flood of these.
                var word = ""
                if case .message(_, let payload) = push { word = String(decoding: payload, as: UTF8.self) }
                switch word {
                case "queued": claimBell.ring()
                case "waiting": room.look()
                case "fair": dealer.look()
                default:
                    // Subscribed anew too: who knows what was missed.
                    claimBell.ring()
                    promoteBell.ring()
                }
            }
        }
    }

    private func keepLogs() async throws {
        while true {
            // No clock while nobody logs: an idle worker sleeps.
            try await log.untilThereAreRecords()
            try await ContinuousClock().sleep(for: .milliseconds(200))
            do { try await log.flush() } catch let error as RedisError {
                logger.debug("task logs wait for the broker", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Tells Redis what it has to know of this worker beside that it lives.
    private func introduce() async throws(RedisError) {
        try await queue.declare(consumed.names)
        try await room.publishNames()
        try await RemoteControl.bind(queue, node: options.name)
    }

    /// What the list of workers shows.
    private var description: JSONValue {
        let running: [JSONValue] = held.all.compactMap { claim in
            guard let message = claim.message, let began = claim.began else { return nil }
            return [
                "id": .string(message.headers.id.rawValue), "name": .string(message.headers.task),
                "began": .double(began.timeIntervalSince1970),
            ]
        }
        return [
            "name": .string(options.name), "pid": .int(Int(ProcessInfo.processInfo.processIdentifier)),
            "host": .string(ProcessInfo.processInfo.hostName), "concurrency": .int(intake.concurrency),
            "state": .string(intake.phase.rawValue),
            "queues": .array(consumed.names.map { .string($0.rawValue) }), "running": .array(running),
            "heavy": .object(heavy.waiting),
        ]
    }
}
