import CSpawn
import NIOCore
import NIOPosix

/// How a process ended.
///
/// Both nil when nobody could see it.
struct ProcessExit: Sendable, Equatable {
    /// The signal that ended it.
    var signal: Int32?
    /// The status it exited with.
    var exitCode: Int32?
    /// Peak resident memory.
    var peakMemoryBytes: Int?
    /// The limit that its whole tree had met, for which it was killed.
    var excess: Excess?

    /// What a tree of processes can have too much of.
    enum Excess: String, Sendable {
        case memory
        case processes
    }

    /// Its parent was gone before it was.
    static let unseen = ProcessExit()
}

/// `SIGKILL` for 9.
func signalName(_ signal: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
        guard let address = buffer.baseAddress else { return "signal \(signal)" }
        return String(cString: cspawn_signal_name(signal, address))
    }
}

/// A descriptor that could not be made, or a program that could not be started.
struct SpawnFailure: Error, CustomStringConvertible {
    let step: String
    let code: Int32

    var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let address = buffer.baseAddress else { return "\(step): error \(code)" }
            return "\(step): \(String(cString: cspawn_error_text(code, address)))"
        }
    }

    static func last(_ step: String) -> SpawnFailure { SpawnFailure(step: step, code: cspawn_errno()) }
}

/// A running program of ours and the promise of its end.
struct ChildProcess: Sendable {
    let pid: Int32
    /// Completes once it was reaped.
    let exit: EventLoopFuture<ProcessExit>

    /// Starts a program in a session of its own, with exactly these variables and descriptors.
    ///
    /// The descriptors become 0, 1, 2 …; -1 stands for /dev/null. Blocks for the fork and the execute.
    static func start(
        _ path: String, arguments: [String], environment: [String: String], workingDirectory: String?,
        descriptors: [Int32], on loop: any EventLoop
    ) throws(SpawnFailure) -> ChildProcess {
        let command = cspawn_command_new(path)
        defer { cspawn_command_free(command) }
        for argument in arguments { cspawn_argument(command, argument) }
        for (name, value) in environment { cspawn_environment(command, name, value) }
        if let workingDirectory { cspawn_working_directory(command, workingDirectory) }
        for descriptor in descriptors { cspawn_descriptor(command, descriptor) }
        cspawn_new_session(command)
        cspawn_no_new_privileges(command)

        let pid = cspawn_start(command)
        guard pid > 0 else {
            let code = cspawn_errno()
            throw SpawnFailure(step: "\(String(cString: cspawn_failed_step(command))) \(path)", code: code)
        }
        return ChildProcess(pid: pid, exit: watch(pid, on: loop))
    }

    /// Kills it and what it started.
    func kill() {
        killTree(pid)
    }

    private static func watch(_ pid: Int32, on loop: any EventLoop) -> EventLoopFuture<ProcessExit> {
        let promise = loop.makePromise(of: ProcessExit.self)
        let context = Unmanaged.passRetained(PromiseBox(promise))
        let failed = cspawn_on_exit(pid, context.toOpaque()) { context, exit in
            guard let context else { return }
            let box = Unmanaged<PromiseBox>.fromOpaque(context).takeRetainedValue()
            box.promise.succeed(
                ProcessExit(
                    signal: exit.signal > 0 ? exit.signal : nil,
                    exitCode: exit.exit_code >= 0 ? exit.exit_code : nil,
                    peakMemoryBytes: exit.max_rss_bytes > 0 ? Int(exit.max_rss_bytes) : nil))
        }
        if failed != 0 {
            // No thread to wait on: without somebody who reaps it, it must not live.
            context.release()
            killTree(pid)
            promise.succeed(.unseen)
        }
        return promise.futureResult
    }
}

private final class PromiseBox {
    let promise: EventLoopPromise<ProcessExit>
    init(_ promise: EventLoopPromise<ProcessExit>) { self.promise = promise }
}

/// SIGKILL to a process and the group it leads.
///
/// It may be gone already, which is what was wanted.
func killTree(_ pid: Int32) {
    _ = cspawn_kill_tree(pid, 9)
}

/// Two connected descriptors: a socket pair, or a pipe's (read, write) ends.
///
/// All close-on-exec.
struct DescriptorPair {
    let first: Int32
    let second: Int32

    static func sockets() throws(SpawnFailure) -> DescriptorPair { try make("socketpair", cspawn_socket_pair) }
    static func pipe() throws(SpawnFailure) -> DescriptorPair { try make("pipe", cspawn_pipe) }

    private static func make(
        _ step: String, _ open: (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Int32
    ) throws(SpawnFailure) -> DescriptorPair {
        var first: Int32 = -1
        var second: Int32 = -1
        guard open(&first, &second) == 0 else { throw .last(step) }
        return DescriptorPair(first: first, second: second)
    }

    func closeBoth() {
        closeDescriptor(first)
        closeDescriptor(second)
    }
}

/// A descriptor that is closed when nobody needs it any more.
final class OwnedDescriptor: Sendable {
    let number: Int32

    /// Another descriptor of the same thing.
    init(copying descriptor: Int32) throws(SpawnFailure) {
        number = cspawn_duplicate(descriptor)
        guard number >= 0 else { throw .last("dup") }
    }

    deinit {
        closeDescriptor(number)
    }
}

/// Closes a descriptor that nobody reads an error of.
func closeDescriptor(_ descriptor: Int32) {
    _ = cspawn_close(descriptor)
}
