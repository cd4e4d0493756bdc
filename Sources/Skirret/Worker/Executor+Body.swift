import CeleryProtocol
import Foundation
import Logging

extension Executor {
    /// Runs the body under its time limits and everything that may stop it.
    ///
    /// - Returns: What is to be written; nil when somebody else settles the message.
    func execute(_ task: RegisteredTask, _ run: Run, of claim: HeldClaim) async -> Outcome? {
        let own = settings.timeLimits(of: task)
        let given = run.message.headers.timeLimit
        // Each limit for itself, as in Celery: what the message does not say is the task's own.
        let deadline = limit(claim, soft: given.soft ?? own?.soft, hard: given.hard ?? own?.hard)
        switch await claim.body.run(run, task, context(of: run, claim, deadline: deadline)) {
        case .seized: return nil
        case .ended(let result): return outcome(of: result, stopped: claim.body.reason, task: task, run: run)
        }
    }

    /// Sets the alarm for the limits, in seconds from now; gives the first.
    private func limit(_ claim: HeldClaim, soft: Double?, hard: Double?) -> ContinuousClock.Instant? {
        guard soft != nil || hard != nil else { return nil }
        let now = ContinuousClock.now
        let limits = HeldClaim.Limits(
            soft: soft.map { now + .seconds($0) }, hard: hard.map { (now + .seconds($0), $0) })
        guard let first = limits.first else { return nil }
        claim.limit(to: limits)
        alarm.set(for: first)
        return first
    }

    private func outcome(
        of result: Result<JSONValue, any Error>, stopped: StopReason?, task: RegisteredTask, run: Run
    ) -> Outcome {
        switch (stopped, result) {
        case (.leaseLost, _): .leaseLost
        // What was finished in time counts, whoever asked for a stop.
        case (_, .success(let value)): .succeeded(value)
        case (.terminated, _): .revoked(.terminated)
        case (.workerStops, _): .handedBack
        case (.timeLimit, .failure(let error)):
            isOwn(error) ? outcome(of: error, task: task, run: run) : .failed(.softTimeLimitExceeded)
        case (.hardTimeLimit(let seconds), .failure(let error)):
            isOwn(error) ? outcome(of: error, task: task, run: run) : .failed(.timeLimitExceeded(seconds))
        case (nil, .failure(let error)): outcome(of: error, task: task, run: run)
        }
    }

    /// Whether a body that was told to stop said itself what shall become of the task.
    private func isOwn(_ error: any Error) -> Bool {
        error is RetryRequest || error is TaskFailure || error is any EndingRequest
    }

    private func outcome(of error: any Error, task: RegisteredTask, run: Run) -> Outcome {
        if let crash = error as? TaskHostCrash { return .crashed(reason: crash.reason) }
        if let wish = error as? any EndingRequest { return wish.outcome }
        let retries = run.message.headers.retries
        let failure = TaskFailure(of: error)
        if retries >= task.options.retry.maximum { return .failed(failure) }
        if let request = error as? RetryRequest { return .retry(after: request.delay, reason: request.reason) }
        guard task.options.retry.applies(error) else { return .failed(failure) }
        return task.options.retry.delay(retries).map { .retry(after: $0, reason: failure) } ?? .failed(failure)
    }

    /// What becomes of a run that was stopped before its body began.
    func stopped(_ claim: HeldClaim) -> Outcome {
        switch claim.body.reason {
        case .leaseLost: .leaseLost
        case .terminated: .revoked(.terminated)
        default: .handedBack
        }
    }

    private func context(of run: Run, _ claim: HeldClaim, deadline: ContinuousClock.Instant?) -> TaskContext {
        TaskContext(
            id: run.id, name: run.delivery.name, retries: run.message.headers.retries,
            deadline: deadline, run: run, claim: claim, services: services)
    }
}
