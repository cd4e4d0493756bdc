import NIOCore
import NIOPosix

/// What a program printed, run to its end.
struct ProgramOutput: Sendable {
    /// How it ended.
    let exit: ProcessExit
    /// All of its standard output; nil when that was more than the limit.
    let bytes: [UInt8]?
    /// Its last lines on stderr, oldest first.
    let lines: [String]

    /// Runs a program with nothing to read, and kills it and all it started when it takes too long.
    ///
    /// - Parameters:
    ///   - limit: bytes that are read of its output.
    ///   - deadline: it is killed then.
    ///   - loop: where its pipes are read.
    ///   - start: starts it with these descriptors as 0, 1 and 2; may block.
    /// - Returns: What it printed, however it ended.
    /// - Throws: what `start` throws; no pipe, no descriptors.
    static func of(
        limit: Int, within deadline: TimeAmount, on loop: any EventLoop,
        start: @escaping @Sendable (_ descriptors: [Int32]) throws -> ChildProcess
    ) async throws -> ProgramOutput {
        let lines = RecentLinesBox()
        let promise = loop.makePromise(of: [UInt8]?.self)
        let process: ChildProcess
        do {
            process = try await started(limit: limit, on: loop, output: promise, lines: lines, start: start)
        } catch {
            promise.succeed(nil)
            throw error
        }
        let overdue = loop.scheduleTask(in: deadline) { process.kill() }
        defer { overdue.cancel() }
        let exit = try await process.exit.get()
        return ProgramOutput(exit: exit, bytes: try await promise.futureResult.get(), lines: lines.text)
    }

    private static func started(
        limit: Int, on loop: any EventLoop, output promise: EventLoopPromise<[UInt8]?>, lines: RecentLinesBox,
        start: @escaping @Sendable ([Int32]) throws -> ChildProcess
    ) async throws -> ChildProcess {
        let out = try await CapturedPipe.bytes(on: loop, limit: limit, done: promise)
        defer { closeDescriptor(out.writeEnd) }
        let err = try await CapturedPipe.lines(on: loop) { kept, _ in lines.append(kept) }
        defer { closeDescriptor(err.writeEnd) }
        return try await NIOThreadPool.singleton.runIfActive { try start([-1, out.writeEnd, err.writeEnd]) }
    }
}
