import Foundation
import Skirret

/// Which members a supervisor vouches for, and which it gives up.
///
/// A member's own heartbeat may stay away although it works: the machine is busy, its memory is on disk, its network is
/// not ours. As long as its process runs, nobody takes its tasks; a process that says nothing for a minute is hung, and
/// is killed, which gives its tasks back.
struct Vouching: Sendable {
    /// A third of the leases: two may get lost.
    static let pulse = Duration.seconds(4)
    /// How long a process may live without a word.
    static let patience = Duration.seconds(60)

    /// Since when a node has not been heard.
    private var silences: [String: ContinuousClock.Instant] = [:]

    /// Takes note of who is not heard at the moment.
    ///
    /// - Returns: The nodes that have been silent for too long.
    mutating func note(silent: [String], at now: ContinuousClock.Instant = .now) -> [String] {
        silences = Dictionary(uniqueKeysWithValues: silent.map { ($0, silences[$0] ?? now) })
        return silences.filter { $0.value.duration(to: now) >= Self.patience }.keys.sorted()
    }

    /// Whether a process gets to run: not stopped by a signal or a debugger, and not dead.
    ///
    /// One that is stopped holds its tasks up; they are to be taken from it.
    static func isRunning(_ pid: pid_t) -> Bool {
        // Gone, or no Linux: nothing to vouch for.
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            // The program's name stands in front, in brackets, and may hold anything.
            let state = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ").dropFirst().first
        else { return false }
        return !["T", "t", "Z", "X"].contains(state)
    }
}
