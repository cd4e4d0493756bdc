import NIOCore
import NIOPosix

extension PythonEnvironment {
    /// What a Python program of ours prints, run to its end.
    ///
    /// - Parameters:
    ///   - module: run as `python -m module`.
    ///   - arguments: what it is told.
    ///   - limit: bytes that are read of it.
    ///   - deadline: it is killed then.
    ///   - loop: where its pipes are read.
    ///   - failure: the error from a sentence and its last lines on stderr.
    /// - Returns: all of its standard output.
    /// - Throws: what `failure` makes of it.
    func output(
        of module: String, _ arguments: [String] = [], limit: Int, within deadline: TimeAmount,
        on loop: any EventLoop, failure: (_ reason: String, _ lines: [String]) -> PluginError
    ) async throws(PluginError) -> [UInt8] {
        let lines = RecentLinesBox()
        let promise = loop.makePromise(of: [UInt8]?.self)
        let process: ChildProcess
        do {
            process = try await startCaptured(module, arguments, limit: limit, on: loop, output: promise, lines: lines)
        } catch {
            promise.succeed(nil)
            throw error as? PluginError ?? failure("\(error).", [])
        }
        let overdue = loop.scheduleTask(in: deadline) { process.kill() }
        let exit: ProcessExit?
        let output: [UInt8]?
        do {
            exit = try await process.exit.get()
            output = try await promise.futureResult.get()
        } catch {
            throw failure("\(error).", [])
        }
        overdue.cancel()
        guard exit?.exitCode == 0 else { throw failure("It did not end well.", lines.text) }
        guard let output else { throw failure("Its answer is larger than \(limit >> 20) MiB.", []) }
        return output
    }

    private func startCaptured(
        _ module: String, _ arguments: [String], limit: Int, on loop: any EventLoop,
        output promise: EventLoopPromise<[UInt8]?>, lines: RecentLinesBox
    ) async throws -> ChildProcess {
        let out = try await CapturedPipe.bytes(on: loop, limit: limit, done: promise)
        defer { closeDescriptor(out.writeEnd) }
        let err = try await CapturedPipe.lines(on: loop) { kept, _ in lines.append(kept) }
        defer { closeDescriptor(err.writeEnd) }
        return try await NIOThreadPool.singleton.runIfActive {
            try start(module: module, arguments: arguments, descriptors: [-1, out.writeEnd, err.writeEnd], on: loop)
        }
    }
}
