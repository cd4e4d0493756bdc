import CeleryProtocol
import Foundation

/// What a worker does at one moment, for the person who asked it.
///
/// One line for the worker, one for each task that it holds, the oldest first.
struct WorkerDump: CustomStringConvertible {
    let name: String
    let phase: Intake.Phase
    let concurrency: Int
    let queues: [QueueName]
    let held: [HeldClaim]
    let now = ContinuousClock.now

    var description: String {
        let state = phase == .taking ? "" : ", \(phase.rawValue)"
        let head =
            "worker \(name) (pid \(ProcessInfo.processInfo.processIdentifier))\(state): "
            + "\(held.count) of \(concurrency) slots busy, queues \(queues.map(\.rawValue).joined(separator: ","))"
        let lines = held.sorted { $0.since < $1.since }.map { "  " + line($0) }
        return ([head] + lines).joined(separator: "\n")
    }

    private func line(_ claim: HeldClaim) -> String {
        var parts: [String] = []
        if let headers = claim.message?.headers {
            parts.append("\(headers.task)[\(headers.id)] attempt \(headers.retries + 1)")
        } else {
            parts.append("a message that is being read")
        }
        parts.append((claim.began == nil ? "not begun after " : "running for ") + text(claim.since.duration(to: now)))
        if claim.claim.crashes > 0 { parts.append("crashed \(claim.claim.crashes) times before") }
        if let deadline = claim.deadline {
            let left = now.duration(to: deadline)
            parts.append(
                left > .zero ? "time limit in \(text(left))" : "past its time limit since \(text(.zero - left))")
        }
        if let progress = claim.progress {
            let message = progress.message.isEmpty ? "" : " \"\(progress.message)\""
            parts.append("\(progress.percent) %\(message) \(text(progress.at.duration(to: now))) ago")
        }
        if claim.isAcknowledged { parts.append("acknowledged early") }
        return parts.joined(separator: ", ")
    }

    private func text(_ duration: Duration) -> String {
        let seconds = Duration.UnitsFormatStyle(
            allowedUnits: [.seconds], width: .narrow, fractionalPart: .show(length: 1))
        let long = Duration.UnitsFormatStyle(allowedUnits: [.days, .hours, .minutes, .seconds], width: .narrow)
        return duration < .seconds(120) ? duration.formatted(seconds) : duration.formatted(long)
    }
}
