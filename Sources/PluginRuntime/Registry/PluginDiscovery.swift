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

    let environment: PythonEnvironment
    let eventLoopGroup: any EventLoopGroup

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
        try await environment.output(
            of: "skirret_host.describe", [environment.pluginsDirectory], limit: Self.limit, within: Self.deadline,
            on: eventLoopGroup.next(), failure: failure)
    }

    private func failure(_ reason: String, _ details: [String] = []) -> PluginError {
        PluginError(
            .discoveryFailed, message: "The plugins in \(environment.pluginsDirectory) cannot be listed. \(reason)",
            hint: "Run `python -m skirret_host.describe` on the folder to see why.", details: details)
    }
}
