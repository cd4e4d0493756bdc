import CSpawn
import Foundation

/// A child process of the supervisor.
struct SupervisedProcess: Sendable {
    let pid: pid_t
    private let ended: AsyncStream<cspawn_exit>

    /// It could not be started.
    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// Who comes first where there are fewer processors than there is work.
    enum Turn: Sendable, Equatable {
        case equal
        /// Its threads are let in sooner, for no more than their share: they do little, and somebody waits for it.
        case prompt
        /// So many steps nicer, with all that it starts: it gives way to who answers people.
        case patient(steps: Int)
    }

    /// Starts a program with this process's environment and more.
    ///
    /// It finds `descriptors` as 3, 4 and so on.
    static func start(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], standardError: Int32 = 2,
        descriptors: [Int32] = [], turn: Turn = .equal
    ) throws -> SupervisedProcess {
        let command = cspawn_command_new(path)
        defer { cspawn_command_free(command) }
        for argument in arguments { cspawn_argument(command, argument) }
        cspawn_inherit_environment(command)
        for (name, value) in environment { cspawn_environment(command, name, value) }
        for descriptor in [-1, 1, standardError] + descriptors { cspawn_descriptor(command, descriptor) }
        // The terminal's interrupt reaches the supervisor alone, which then stops its children in order.
        cspawn_new_group(command)
        switch turn {
        case .equal: break
        case .prompt: cspawn_short_turns(command)
        case .patient(let steps): cspawn_nice(command, Int32(steps))
        }
        let pid = cspawn_start(command)
        guard pid > 0 else {
            var text = [CChar](repeating: 0, count: 64)
            let reason = String(cString: cspawn_error_text(cspawn_errno(), &text))
            throw StartFailure(description: "cannot start \(path): \(reason)")
        }
        let (ended, continuation) = AsyncStream<cspawn_exit>.makeStream()
        let context = Unmanaged.passRetained(ExitBox(continuation))
        let watched = cspawn_on_exit(pid, context.toOpaque()) { context, exit in
            guard let context else { return }
            Unmanaged<ExitBox>.fromOpaque(context).takeRetainedValue().continuation.yield(exit)
        }
        guard watched == 0 else {
            context.release()
            throw StartFailure(description: "cannot watch \(path)")
        }
        return SupervisedProcess(pid: pid, ended: ended)
    }

    /// Waits for its end.
    ///
    /// For one call.
    func exit() async -> cspawn_exit {
        for await exit in ended { return exit }
        return cspawn_exit(pid: pid, exit_code: -1, signal: 0, max_rss_bytes: 0, cpu_microseconds: 0)
    }

    func send(_ signal: Int32) { kill(pid, signal) }

    private final class ExitBox: Sendable {
        let continuation: AsyncStream<cspawn_exit>.Continuation
        init(_ continuation: AsyncStream<cspawn_exit>.Continuation) { self.continuation = continuation }
    }
}

extension cspawn_exit {
    /// "exit code 1" or "SIGKILL".
    var reason: String {
        guard signal != 0 else { return "exit code \(exit_code)" }
        var text = [CChar](repeating: 0, count: 32)
        return String(cString: cspawn_signal_name(signal, &text))
    }
}
