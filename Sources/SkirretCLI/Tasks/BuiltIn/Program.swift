import CSpawn
import CeleryProtocol
import Foundation
import Skirret

/// A program of the system that a task needs, such as ffmpeg.
struct Program: Sendable {
    private let path: String
    private let name: String

    /// It ended with an error.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Looks for a program in `PATH`, or takes the one that the settings name.
    ///
    /// - Throws: `TaskFailure` (`FileNotFoundError`) that says how to get it.
    init(_ name: String, package: String, configured: String? = nil) throws {
        self.name = name
        if let configured, !configured.isEmpty {
            guard FileManager.default.isExecutableFile(atPath: configured) else {
                throw TaskFailure.builtin(
                    "FileNotFoundError", "\(configured), which the settings name for \(name), is no program.")
            }
            path = configured
            return
        }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let found = folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let found else {
            throw TaskFailure.builtin(
                "FileNotFoundError",
                "\(name) is not installed. Install it where this worker runs: apt-get install \(package)")
        }
        path = found
    }

    /// Runs it to its end; a cancelled task ends it too.
    ///
    /// - Parameters:
    ///   - arguments: After its name.
    ///   - isSuccess: Which exit codes are none to speak of.
    /// - Throws: ``Failure`` with the last lines that it wrote, or `CancellationError`.
    func run(_ arguments: [String], isSuccess: (Int32) -> Bool = { $0 == 0 }) async throws {
        let running = try start(arguments)
        let exit = await withTaskCancellationHandler {
            await running.exit()
        } onCancel: {
            running.stop()
        }
        try Task.checkCancellation()
        guard exit.signal == 0, isSuccess(exit.exit_code) else { throw await running.failure(exit) }
    }

    func start(_ arguments: [String]) throws -> RunningProgram {
        var errors: [Int32] = [-1, -1]
        guard pipe(&errors) == 0 else { throw Failure(description: "no pipe for \(name)") }
        defer { close(errors[1]) }
        do {
            let process = try SupervisedProcess.start(path, arguments, standardError: errors[1])
            return RunningProgram(name: name, process: process, tail: OutputTail(reading: errors[0]))
        } catch {
            close(errors[0])
            throw error
        }
    }
}

/// A program that was started.
struct RunningProgram: Sendable {
    let name: String
    fileprivate let process: SupervisedProcess
    fileprivate let tail: OutputTail

    fileprivate init(name: String, process: SupervisedProcess, tail: OutputTail) {
        self.name = name
        self.process = process
        self.tail = tail
    }

    var pid: Int32 { process.pid }

    /// Asks it to finish what it writes and to end.
    func stop() { process.send(SIGTERM) }

    /// Waits for its end.
    ///
    /// For one call.
    func exit() async -> cspawn_exit { await process.exit() }

    /// What its end means, with the last lines that it wrote.
    func failure(_ exit: cspawn_exit) async -> Program.Failure {
        await tail.settled()
        let last = tail.lines.suffix(5).joined(separator: "\n")
        return Program.Failure(description: "\(name) ended with \(exit.reason). \(last)")
    }
}
