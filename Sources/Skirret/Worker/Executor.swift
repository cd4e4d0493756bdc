import CeleryProtocol
import Foundation
import Logging
import SkirretRedis

/// Runs one claimed message, from its bytes to its settlement.
///
/// The order of decisions is Celery's: decode, know the task, not too late, not revoked, its time has come,
/// nobody else runs under its name, run.
struct Executor: Sendable {
    let queue: TaskQueue
    let registry: TaskRegistry
    let options: WorkerOptions
    let settings: TaskSettings
    let held: HeldClaims
    let alarm: Alarm
    let settler: Settler
    let settlements: Settlements
    let slots: Slots
    let heavy: HeavyRuns
    let intake: Intake
    let room: WaitingRoom
    let events: EventPublisher
    let services: BodyServices
    let logger: Logger

    /// This worker's own rate limits.
    let rates = RateGate()

    /// Never throws: whatever happens to one message, the next one runs.
    ///
    /// The claim is held until its settlement is written, which may be after this returns.
    ///
    /// - Returns: False when the body was given up meanwhile and its slot is somebody else's.
    func run(_ claim: HeldClaim) async -> Bool {
        do {
            let delivery = Delivery(claim: claim.claim, message: try TaskMessage(decoding: claim.claim.message))
            claim.describe(delivery)
            if try await run(delivery, of: claim) == .isBeingWritten { return true }
        } catch let error as WireError {
            await refuse(claim.claim, because: error)
        } catch {
            unsettled(error)
        }
        held.remove(CollectionOfOne(claim.claim.token))
        return !claim.body.isGivenUp
    }

    /// How far a claim is when its run ends.
    enum Ending {
        /// Nothing is left to be done.
        case isOver
        /// Its settlement goes with others; see ``Settlements``.
        case isBeingWritten
    }

    private func unsettled(_ error: any Error) {
        // The lease brings the message back: nothing is lost, it only takes a moment longer.
        logger.error("could not settle a message; its lease will bring it back", metadata: ["error": "\(error)"])
    }

    private func run(_ delivery: Delivery, of claim: HeldClaim) async throws -> Ending {
        var run = Run(delivery)
        let message = delivery.message
        if !run.isRevoked, message.headers.stampedHeaders != nil {
            run.isRevoked = try await queue.isRevokedByStamp(message.headers, at: run.now)
        }
        events.received(message)
        let known = registry[delivery.name]
        if let refusal = run.refusal { return try await settle(refusal, of: run, task: known) }
        guard let task = known else {
            if options.unknownTaskPatience > .zero {
                try await room.shelve(run)
                return .isOver
            }
            logger.error("no task of this name is known here", metadata: run.metadata)
            return try await settle(.failed(.notRegistered(delivery.name)), of: run, task: nil)
        }
        if let limit = settings.rateLimit(of: task), let wait = rates.wait(task.name, limit) {
            return try await settle(.early(until: run.now + wait.seconds), of: run, task: task)
        }
        let single = task.options.singleFlight.map { $0.name(message.body.args, message.body.kwargs) }
        if let single,
            let other = try await settler.running(under: single, token: delivery.claim.token, id: delivery.id),
            let answer = task.options.singleFlight?.answer(other)
        {
            return try await settle(.succeeded(answer), of: run, task: task)
        }
        var acknowledged = run
        acknowledged.single = single
        if !task.options.limits.isEmpty {
            guard try await room.admit(run, to: task) else { return .isOver }
            acknowledged.holdsLimits = true
        }
        let cost = task.options.slots
        if cost > 1 {
            if cost > intake.concurrency {
                logger.warning("needs more slots than there are; runs alone", metadata: run.metadata)
            }
            guard await heavy.enter(cost, of: delivery.id, running: load) else {
                // A task of its own on purpose: this one was cancelled, and what is left must be done.
                return try await Task { [run = acknowledged] in
                    try await settle(stopped(claim), of: run, task: task)
                }.value
            }
        }
        defer { if cost > 1 { heavy.leave(cost, running: load()) } }
        // What runs under a single-flight name or in a limit keeps its lease, as its place is held by it.
        let isEarly = task.options.acknowledgement == .early || options.acknowledgesEarly
        if isEarly, single == nil, !acknowledged.holdsLimits {
            // Before the write: a heartbeat in between must not take the missing lease for a lost one.
            claim.acknowledge()
            guard
                try await settler.write(
                    .init(isFinal: false), of: delivery.id, token: delivery.claim.token, claim: delivery.claim.token,
                    single: nil)
            else { return .isOver }
            acknowledged.token = nil
        }
        try await begin(acknowledged, of: claim)
        guard let outcome = await execute(task, acknowledged, of: claim) else { return .isOver }
        guard Task.isCancelled else { return try await settle(outcome, of: acknowledged, task: task, withOthers: true) }
        // A task of its own on purpose: this one was cancelled to stop the body, and what is left must be done.
        return try await Task { [acknowledged] in try await settle(outcome, of: acknowledged, task: task) }.value
    }

    /// How many runners there are, and how many slots.
    @Sendable private func load() -> (runners: Int, slots: Int) { (slots.running, intake.concurrency) }

    private func begin(_ run: Run, of claim: HeldClaim) async throws {
        claim.begin()
        events.started(run.message)
        if let unique = run.message.headers.unique, unique.span == .untilStart {
            try await queue.release(unique.name, of: run.message.headers.id)
        }
        guard options.tracksStarted else { return }
        let id = run.message.headers.id
        let pid = Int(ProcessInfo.processInfo.processIdentifier)
        let started = TaskResult.started(id, pid: pid, node: options.name, parentID: run.message.headers.parentID)
        try await settler.report(
            started.encoded(), at: queue.keys.result(id), keep: queue.resultSeconds, isResult: true, token: run.token)
    }

    // MARK: the end

    /// Writes what an outcome means for everybody.
    ///
    /// - Parameters:
    ///   - outcome: How the run ended.
    ///   - run: The run.
    ///   - task: What ran, if it is known here.
    ///   - withOthers: It may be written together with others, a moment after this returns.
    /// - Returns: Whether it is written now.
    /// - Throws: `RedisError` when the broker stayed away.
    @discardableResult
    func settle(
        _ outcome: Outcome, of run: Run, task: RegisteredTask?, withOthers: Bool = false
    ) async throws -> Ending {
        switch outcome {
        case .leaseLost:
            logger.warning("lost the lease; nothing is written", metadata: run.metadata)
            return .isOver
        case .crashed(let reason):
            try await restore(run, why: .crashed, detail: reason)
            return .isOver
        case .handedBack:
            try await restore(run, why: .stopping, detail: "the worker stopped")
            return .isOver
        default: break
        }
        let ignores = run.message.headers.ignoreResult ?? task?.options.ignoresResult ?? false
        let runtime = run.began.duration(to: .now)
        if withOthers, run.isPlain, case .succeeded(let value) = outcome, !options.extendsResults {
            let result = ignores ? [] : run.plainResult(value)
            slots.beginSettling()
            settlements.add(PlainSettlement(run: run, outcome: outcome, runtime: runtime, result: result))
            return .isBeingWritten
        }
        let settling = settling(of: run, ignoresResult: ignores)
        var outcome = outcome
        // What cannot be decided here throws below.
        if withOthers, run.single == nil, !run.holdsLimits,
            let settlement = try? settling.settlement(for: outcome), settlement.isPlain
        {
            slots.beginSettling()
            let result = settlement.results.first?.result.encoded() ?? []
            settlements.add(PlainSettlement(run: run, outcome: outcome, runtime: runtime, result: result))
            return .isBeingWritten
        }
        var written: Settlement?
        do {
            written = try await settler.settle(settling, outcome, token: run.token, single: run.single)
        } catch let error where error is TaskFailure || error is UnroutableMessage {
            // What follows the task cannot be sent: said loudly, as its failure.
            outcome = .failed(TaskFailure(of: error))
            written = try await settler.settle(settling, outcome, token: run.token, single: run.single)
        }
        tell(outcome, of: run, after: runtime, isWritten: written != nil)
        return .isOver
    }

    /// The ends of settlements that went together.
    func tell(_ ends: [PlainEnd]) {
        for (settlement, written) in ends {
            switch written {
            case .success(let isWritten):
                tell(settlement.outcome, of: settlement.run, after: settlement.runtime, isWritten: isWritten)
            case .failure(let error): unsettled(error)
            }
        }
        held.remove(ends.lazy.map(\.settlement.run.claim.token))
    }

    private func tell(_ outcome: Outcome, of run: Run, after runtime: Duration, isWritten: Bool) {
        guard isWritten else {
            return logger.warning("lost the lease; nothing is written", metadata: run.metadata)
        }
        events.ended(run.delivery, outcome, after: runtime)
    }

    /// What decides about a run's end.
    func settling(of run: Run, ignoresResult: Bool) -> Settling {
        Settling(
            keys: queue.keys, message: run.message, claim: run.claim, route: { [queue] in queue.queue(for: $0) },
            ignoresResult: ignoresResult, now: run.now, children: run.running.children,
            extended: options.extendsResults ? extended(run) : [:])
    }

    /// What Celery's `result_extended` adds to every result of a run.
    private func extended(_ run: Run) -> JSONObject {
        let headers = run.message.headers
        var fields: JSONObject = [
            "name": .string(headers.task), "args": .array(run.message.body.args),
            "kwargs": .object(run.message.body.kwargs), "worker": .string(options.name),
            "retries": .int(headers.retries), "queue": .string(run.message.properties.routingKey),
        ]
        guard let names = headers.stampedHeaders, !names.isEmpty else { return fields }
        fields["stamped_headers"] = .array(names.map(JSONValue.string))
        return fields.merging(headers.stamps)
    }
}
