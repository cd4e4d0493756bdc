import Foundation
import Synchronization

/// A child process whose end can be awaited without blocking a thread.
struct ServerProcess: Sendable {
    private let processID: Int32
    private let end = End()

    /// Starts the first argument, found by `PATH`, with the others.
    ///
    /// Should this process die before its child, a guard kills the child and removes the folder.
    init(arguments: [String], folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let lifeline = Pipe()
        process.terminationHandler = { [end] _ in
            try? lifeline.fileHandleForWriting.write(contentsOf: Data("\n".utf8))  // fails if the guard was killed
            end.hasCome()
        }
        try process.run()
        processID = process.processIdentifier
        try Self.startGuard(of: processID, folder: folder, lifeline: lifeline)
    }

    /// Reads a line and goes; reads the pipe's end only when all of us died, and then cleans up.
    private static func startGuard(of child: Int32, folder: URL, lifeline: Pipe) throws {
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = [
            "-c", #"read -r _ || { kill -KILL "$0"; rm -rf "$1"; }"#, String(child), folder.path,
        ]
        shell.standardInput = lifeline
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
    }

    /// Sends a signal, unless the process has ended.
    func signal(_ signal: Int32) {
        end.unlessItHasCome { _ = kill(processID, signal) }
    }

    /// Returns when the process is gone, or the waiting task is cancelled.
    func exit() async {
        await end.wait()
    }
}

/// Comes once; any number may wait for it.
private final class End: Sendable {
    private struct State {
        var hasCome = false
        var lastID = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    func hasCome() {
        let waiting = state.withLock { state in
            state.hasCome = true
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for continuation in waiting { continuation.resume() }
    }

    func unlessItHasCome(_ body: () -> Void) {
        state.withLock { state in
            if !state.hasCome { body() }
        }
    }

    /// Returns when the end has come, or the waiting task is cancelled.
    func wait() async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    // The flag is set before the handler below runs: one of the two sees the other.
                    let mustWait = !state.hasCome && !Task.isCancelled
                    if mustWait { state.waiting[id] = continuation }
                    return mustWait
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
    }
}
