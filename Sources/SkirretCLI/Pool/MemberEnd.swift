import CSpawn
import Foundation
import Skirret
import Synchronization

/// How a member of a pool ended, and what follows from that.
struct MemberEnd: Sendable {
    let exit: cspawn_exit
    /// The supervisor had told it to stop.
    let wasStopped: Bool
    /// The supervisor killed it, because it did not stop.
    let wasKilled: Bool
    /// It had said that it retires.
    let wasRetiring: Bool
    /// The kernel had to kill somebody for want of memory meanwhile.
    let ranOutOfMemory: Bool
    let lastLines: [String]

    /// Nobody asked it to end, and it ended in order: an operator's `shutdown` reached it alone.
    var hasDeparted: Bool { exit.signal == 0 && exit.exit_code == 0 && !wasStopped && !wasRetiring }

    /// For the log: "signal 9 (SIGKILL)", "exit code 1".
    var reason: String {
        let peak = exit.max_rss_bytes > 0 ? ", peak memory \(exit.max_rss_bytes / 1_048_576) MB" : ""
        guard exit.signal != 0 else {
            let meaning = exit.exit_code == WorkerExit.hardTimeLimit ? " (a task's hard time limit)" : ""
            return "exit code \(exit.exit_code)\(meaning)"
        }
        let signal = "signal \(exit.signal) (\(exit.reason))\(peak)"
        return ranOutOfMemory && exit.signal == SIGKILL ? "out of memory: \(signal)" : signal
    }

    /// What its claims went through.
    var ofClaims: WorkerEnd {
        let isOrderly = exit.signal == 0 && [0, WorkerExit.hardTimeLimit].contains(exit.exit_code)
        if isOrderly || wasKilled { return .left(reason: "its worker process ended: \(reason)") }
        // Crash reports of the runtime are long: the last lines say where, the first of them what.
        let output = lastLines.isEmpty ? "" : "; last output:\n" + lastLines.joined(separator: "\n")
        return .crashed(reason: "its worker process died: \(reason)\(output)")
    }
}

/// The kernel's count of processes that it killed for want of memory, on the whole machine.
///
/// Others on this machine run out of memory too: only a kill of the last moments is one of ours.
final class OutOfMemoryKills: Sendable {
    private let last = Mutex(OutOfMemoryKills.count)

    /// Whether there was one since the last refresh.
    var hasGrown: Bool { (Self.count ?? 0) > (last.withLock { $0 } ?? .max) }

    /// Forgets what was until now, every two seconds, until cancelled.
    func run() async {
        while !Task.isCancelled {
            last.withLock { $0 = Self.count }
            try? await Task.sleep(for: .seconds(2))  // a cancellation ends the loop
        }
    }

    /// Nil where the kernel does not tell.
    private static var count: Int? {
        // No such file, no such count.
        guard let text = try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line?.split(separator: " ").last.flatMap { Int($0) }
    }
}
