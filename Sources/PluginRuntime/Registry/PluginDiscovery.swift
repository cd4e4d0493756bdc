import CeleryProtocol
public import NIOCore
public import NIOPosix

/// Finds the plugins in the plugins folder, by reading and never by running them.
///
/// The reading is Python's, as the syntax is; a folder of fifty plugins costs some 150 ms, mostly Python's own start.
public struct PluginDiscovery: Sendable {
    /// 10 s: a hundred times what a full folder needs.
    private static let deadline = TimeAmount.seconds(10)
    /// 32 MiB of descriptions: some hundreds of plugins with the largest schemas seen.
    private static let limit = 32 << 20

    private let environment: PythonEnvironment
    private let eventLoopGroup: any EventLoopGroup

    /// Discovery in the environment's plugins folder.
    public init(
        _ environment: PythonEnvironment, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.environment = environment
        self.eventLoopGroup = eventLoopGroup
    }

    /// Every plugin in the folder, by the order of their folders' names.
    ///
    /// A missing folder has none.
    ///
    /// - Throws: ``PluginError/Code/unavailable`` without Python, ``PluginError/Code/discoveryFailed`` otherwise.
    public func scan() async throws(PluginError) -> [PluginDescription] {
        let output = try await describe()
        let found: JSONValue
        do {
            found = try JSONValue(parsing: output, limits: JSONLimits(depth: 256, bytes: Self.limit))
        } catch {
            throw failure("Its answer is not JSON: \(error).")
        }
        guard let plugins = found["plugins"]?.array else { throw failure("Its answer has no list of plugins.") }
        return plugins.compactMap(PluginDescription.init(json:))
    }

    /// What `skirret_host.describe` prints.
    private func describe() async throws(PluginError) -> [UInt8] {
        let loop = eventLoopGroup.next()
        let lines = RecentLinesBox()
        let promise = loop.makePromise(of: [UInt8]?.self)
        let process: ChildProcess
        do {
            process = try await start(on: loop, output: promise, lines: lines)
        } catch {
            promise.succeed(nil)
            throw error as? PluginError ?? failure("\(error).")
        }
        let overdue = loop.scheduleTask(in: Self.deadline) { process.kill() }
        let exit: ProcessExit?
        let output: [UInt8]?
        do {
            exit = try await process.exit.get()
            output = try await promise.futureResult.get()
        } catch {
            throw failure("\(error).")
        }
        overdue.cancel()
        guard exit?.exitCode == 0 else { throw failure("It did not end well.", details: lines.text) }
        guard let output else { throw failure("Its answer is larger than \(Self.limit >> 20) MiB.") }
        return output
    }

    private func start(
        on loop: any EventLoop, output promise: EventLoopPromise<[UInt8]?>, lines: RecentLinesBox
    ) async throws -> ChildProcess {
        let out = try await CapturedPipe.bytes(on: loop, limit: Self.limit, done: promise)
        defer { closeDescriptor(out.writeEnd) }
        let err = try await CapturedPipe.lines(on: loop) { kept, _ in lines.append(kept) }
        defer { closeDescriptor(err.writeEnd) }
        return try await NIOThreadPool.singleton.runIfActive {
            try environment.start(
                module: "skirret_host.describe", arguments: [environment.pluginsDirectory],
                descriptors: [-1, out.writeEnd, err.writeEnd], on: loop)
        }
    }

    private func failure(_ reason: String, details: [String] = []) -> PluginError {
        PluginError(
            .discoveryFailed, message: "The plugins in \(environment.pluginsDirectory) cannot be listed. \(reason)",
            hint: "Run `python -m skirret_host.describe` on the folder to see why.", details: details)
    }
}
