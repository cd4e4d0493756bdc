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
    let settler: Settler
    let events: EventPublisher
    let log: TaskLog
    let logger: Logger

    /// Never throws: whatever happens to one message, the next one runs.
    func run(_ claim: Claim) async {
        do {
            let message = try TaskMessage(decoding: claim.message)
            held.describe(claim.token, message: message)
            try await run(claim, message)
        } catch let error as WireError {
            await refuse(claim, because: error)
        } catch {
            // The lease brings the message back: nothing is lost, it only takes a moment longer.
            logger.error("could not settle a message; its lease will bring it back", metadata: ["error": "\(error)"])
        }
        held.remove(claim.token)
    }

    private func run(_ claim: Claim, _ message: TaskMessage) async throws {
        let run = Run(claim: claim, message: message)
        events.received(message)
        guard let task = registry[message.headers.task] else {
            logger.error("no task of this name is known here", metadata: run.metadata)
            return try await settle(.failed(.notRegistered(message.headers.task)), of: run, task: nil)
        }
        if let refusal = run.refusal { return try await settle(refusal, of: run, task: task) }
        let single = task.options.singleFlight.map { $0.name(message.body.args, message.body.kwargs) }
        if let single, let other = try await settler.running(under: single, token: claim.token, id: message.headers.id),
            let answer = task.options.singleFlight?.answer(other)
        {
            return try await settle(.succeeded(answer), of: run, task: task)
        }
        var acknowledged = run
        acknowledged.single = single
        // What runs under a single-flight name keeps its lease, as the name is held by it.
        if task.options.acknowledgement == .early, single == nil {
            // Before the write: a heartbeat in between must not take the missing lease for a lost one.
            held.acknowledge(claim.token)
            guard
                try await settler.write(.init(isFinal: false), of: message.headers.id, token: claim.token, single: nil)
            else { return }
            acknowledged.token = nil
        }
        try await begin(acknowledged)
        let outcome = await execute(task, acknowledged)
        try await settle(outcome, of: acknowledged, task: task)
    }

    private func begin(_ run: Run) async throws {
        held.begin(run.claim.token)
        events.started(run.message)
        guard options.tracksStarted else { return }
        let id = run.message.headers.id
        let pid = Int(ProcessInfo.processInfo.processIdentifier)
        let started = TaskResult.started(id, pid: pid, node: options.name, parentID: run.message.headers.parentID)
        try await settler.report(
            started.encoded(), at: queue.keys.result(id), keep: queue.resultSeconds, isResult: true, token: run.token)
    }

    // MARK: the body

    /// Races the body against its time limit and everything that may stop it; waits for the body in any case.
    private func execute(_ task: RegisteredTask, _ run: Run) async -> Outcome {
        let limit = run.timeLimit ?? settings.timeLimits(of: task).flatMap(\.first)
        let context = context(of: run, limit: limit)
        let stops = held.stops(run.claim.token)
        return await withTaskGroup(of: Ending.self) { group in
            group.addTask {
                do {
                    return .ended(
                        .success(try await task.body(context, run.message.body.args, run.message.body.kwargs)))
                } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask {
                for await reason in stops { return .stopped(reason) }
                return .nothing
            }
            if let limit {
                group.addTask {
                    do { try await ContinuousClock().sleep(for: limit) } catch { return .nothing }
                    return .stopped(.timeLimit)
                }
            }
            var reason: StopReason?
            for await ending in group {
                switch ending {
                case .nothing: continue
                case .stopped(let why):
                    reason = reason ?? why
                    group.cancelAll()
                case .ended(let result):
                    group.cancelAll()
                    return outcome(of: result, stopped: reason, task: task, run: run)
                }
            }
            return .handedBack
        }
    }

    private enum Ending: Sendable {
        case ended(Result<JSONValue, any Error>)
        case stopped(StopReason)
        case nothing
    }

    private func outcome(
        of result: Result<JSONValue, any Error>, stopped: StopReason?, task: RegisteredTask, run: Run
    ) -> Outcome {
        switch (stopped, result) {
        case (.leaseLost, _): return .leaseLost
        // What was finished in time counts, whoever asked for a stop.
        case (_, .success(let value)): return .succeeded(value)
        case (.terminated, _): return .revoked(.terminated)
        case (.workerStops, _): return .handedBack
        case (.timeLimit, _): return .failed(.softTimeLimitExceeded)
        case (nil, .failure(let error)): return outcome(of: error, task: task, run: run)
        }
    }

    private func outcome(of error: any Error, task: RegisteredTask, run: Run) -> Outcome {
        // The worker itself is being cancelled; that is no failure of the task.
        if error is CancellationError, Task.isCancelled { return .handedBack }
        if let crash = error as? TaskHostCrash { return .crashed(reason: crash.reason) }
        let retries = run.message.headers.retries
        let failure = TaskFailure(of: error)
        if retries >= task.options.retry.maximum { return .failed(failure) }
        if let request = error as? RetryRequest { return .retry(after: request.delay, reason: request.reason) }
        return task.options.retry.delay(retries).map { .retry(after: $0, reason: failure) } ?? .failed(failure)
    }

    private func context(of run: Run, limit: Duration?) -> TaskContext {
        let id = run.message.headers.id
        var logger = logger
        for (key, value) in run.metadata { logger[metadataKey: key] = value }
        let deadline = limit.map { ContinuousClock.now + $0 }
        held.limit(run.claim.token, to: deadline)
        logger.handler = TaskLogHandler(task: id, log: log, next: logger.handler)
        return TaskContext(
            id: id, name: run.message.headers.task, retries: run.message.headers.retries,
            deadline: deadline, logger: logger, worker: options.name, log: log,
            report: { [queue, settler, held] percent, message in
                held.note(.init(percent: percent, message: message), of: run.claim.token)
                let json: JSONValue = ["percent": .double(percent), "message": .string(message)]
                // Progress is a courtesy: a broker that is away must not fail the work.
                try? await settler.report(
                    json.encoded(), at: queue.keys.progress(id), keep: 86_400, isResult: false, token: run.token)
            },
            guardName: { [settler] name in
                try await settler.running(under: name, token: run.claim.token, id: id)
            })
    }

    // MARK: the end

    private func settle(_ outcome: Outcome, of run: Run, task: RegisteredTask?) async throws {
        switch outcome {
        case .leaseLost:
            return logger.warning("lost the lease; nothing is written", metadata: run.metadata)
        case .crashed(let reason):
            return try await restore(run, why: .crashed, detail: reason)
        case .handedBack:
            return try await restore(run, why: .stopping, detail: "the worker stopped")
        default: break
        }
        let ignores = run.message.headers.ignoreResult ?? task?.options.ignoresResult ?? false
        let settling = Settling(
            keys: queue.keys, message: run.message, claim: run.claim, defaultQueue: queue.defaultQueue,
            ignoresResult: ignores, now: run.now)
        var settlement: Settlement
        do {
            settlement = try settling.settlement(for: outcome)
            try await addChord(to: &settlement, settling, run)
        } catch let failure as TaskFailure {
            settlement = try settling.settlement(for: .failed(failure))
        }
        guard try await settler.write(settlement, of: run.message.headers.id, token: run.token, single: run.single)
        else { return logger.warning("lost the lease; nothing is written", metadata: run.metadata) }
        events.ended(run.message, outcome, after: run.began.duration(to: .now))
    }

    private func addChord(to settlement: inout Settlement, _ settling: Settling, _ run: Run) async throws {
        guard settlement.isFinal, let body = run.message.body.chord, let group = run.message.headers.group,
            let result = settlement.own
        else { return }
        let index = run.message.headers.groupIndex
        guard let parts = try await settler.recordPart(result, group: group, index: index, token: run.claim.token)
        else { return }
        let end = try settling.chordBody(body, parts: parts, group: group)
        settlement.results += end.results
        settlement.followUps += end.followUps
        settlement.finishedChord = end.finishedChord
    }

    private func restore(_ run: Run, why: Settler.Restoration, detail: String) async throws {
        logger.warning("a task goes back to its queue", metadata: run.metadata.merging(["reason": "\(detail)"]) { $1 })
        guard let token = run.token else { return }
        for letter in try await settler.restore([token], why: why, detail: detail) {
            try await fail(letter, because: .workerLost(detail))
        }
    }

    /// A message that cannot be read: dead, with its bytes and the reason; whoever waits for it learns so.
    private func refuse(_ claim: Claim, because error: WireError) async {
        logger.error("a message cannot be read and went to the dead letters", metadata: ["reason": "\(error)"])
        do {
            for letter in try await settler.restore([claim.token], why: .refused, detail: error.description) {
                try await fail(letter, because: .builtin("ValueError", error.description))
            }
        } catch {
            logger.error("could not settle a message; its lease will bring it back", metadata: ["error": "\(error)"])
        }
    }

    /// Tells everybody who waits for a dead message that it failed: its result, its chain, its chord.
    func fail(_ letter: Settler.DeadLetter, because failure: TaskFailure) async throws {
        let claim = Claim(
            token: "", list: letter.list, message: letter.message, crashes: 0, isRevoked: false, claimedAt: Date())
        if let message = try? TaskMessage(decoding: letter.message) {  // unreadable ones take the branch below
            var run = Run(claim: claim, message: message)
            run.token = nil
            return try await settle(.failed(failure), of: run, task: registry[message.headers.task])
        }
        guard !letter.task.rawValue.isEmpty else { return }
        let result = TaskResult.failure(letter.task, failure, at: Date())
        let settlement = Settlement(own: result, results: [.init(key: queue.keys.result(letter.task), result: result)])
        _ = try await settler.write(settlement, of: letter.task, token: nil, single: nil)
    }
}
