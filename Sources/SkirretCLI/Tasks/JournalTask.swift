import CeleryProtocol
import Dispatch
import Foundation
import Skirret

/// `samples.journal`: a task that leaves a trace of every run, and can be told to misbehave.
///
/// Fault tests judge by what it wrote: one line when the body begins, one when it ends, each a single
/// appending write, so that a process killed at any instant leaves whole lines only.
///
///     start <task id> <node> <process id> <microseconds of CLOCK_MONOTONIC>
///     end   <task id> <node> <process id> <microseconds of CLOCK_MONOTONIC>
enum JournalTask {
    /// What the body does between its two lines.
    enum Conduct: String, Codable {
        /// Sleeps, and ends at once when it is cancelled; then it leaves no end line.
        case sleep
        /// Sleeps and does not hear that it is cancelled.
        case deaf
        /// Keeps the thread that it runs on busy.
        case burn
        /// Holds as many megabytes as it has seconds times a hundred, a tenth of a second at a time.
        case allocate
        /// Kills the process that runs it, as the kernel would.
        case kill
        /// Leaves the process with code 1.
        case exit
    }

    static let task = TaskDefinition("samples.journal", parameters: ["path", "seconds", "conduct"]) {
        (context: TaskContext, path: String, seconds: Double?, conduct: Conduct?) in
        let duration = Duration.seconds(seconds ?? 0)
        try append("start", context, to: path)
        switch conduct ?? .sleep {
        case .sleep: if duration > .zero { try await Task.sleep(for: duration) }
        case .deaf: await sleepDeaf(duration)
        case .burn: burn(duration)
        case .allocate: try await allocate(duration)
        case .kill: Foundation.kill(getpid(), SIGKILL)
        case .exit: Foundation.exit(1)
        }
        try append("end", context, to: path)
        return context.retries
    }

    private static func append(_ what: String, _ context: TaskContext, to path: String) throws {
        // Not the wall clock: judge and workers share this one, whatever is done to the other.
        let microseconds = DispatchTime.now().uptimeNanoseconds / 1000
        let line = "\(what) \(context.id) \(context.worker) \(getpid()) \(microseconds)\n"
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        defer { if file >= 0 { close(file) } }
        guard file >= 0, write(file, line, line.utf8.count) == line.utf8.count else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
        }
    }

    /// On a thread outside the cooperative pool: it is the caller that shall wait, not everybody else.
    private static func sleepDeaf(_ duration: Duration) async {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { continuation.resume() }
        }
    }

    private static func burn(_ duration: Duration) {
        let end = ContinuousClock.now + duration
        while .now < end {}
    }

    private static func allocate(_ duration: Duration) async throws {
        var held: [[UInt8]] = []
        let end = ContinuousClock.now + duration
        while .now < end {
            held.append([UInt8](repeating: 1, count: 10_000_000))
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
