import CeleryProtocol
public import NIOCore
public import NIOPosix

/// What this machine's kernel puts into force of the plugins' sandbox, found out by trying it.
public struct SandboxReport: Sendable, Hashable {
    /// One means of the sandbox.
    public struct Line: Sendable, Hashable {
        /// What it is about, and the kernel's name for it: `files (Landlock)`.
        public let name: String
        /// Whether plugins are held by it here.
        public let isInForce: Bool
        /// How far, or why not.
        public let text: String
    }

    /// In the order in which they matter.
    public let lines: [Line]

    /// Asks the Python host's own code, in a process of its own; some 100 ms.
    ///
    /// - Throws: ``PluginError/Code/unavailable`` when Python does not run, or has an answer that cannot be read.
    public static func make(
        _ environment: PythonEnvironment, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(PluginError) -> SandboxReport {
        func failure(_ reason: String, _ lines: [String]) -> PluginError {
            PluginError(
                .unavailable, message: "The sandbox cannot be tried. \(reason)",
                hint: "Run `python -m skirret_host.sandbox` to see why.", details: lines)
        }
        let output = try await environment.output(
            of: "skirret_host.sandbox", limit: 1 << 20, within: .seconds(10), on: eventLoopGroup.next(),
            failure: failure)
        let report: JSONValue
        do { report = try JSONValue(parsing: output) } catch { throw failure("Its answer is not JSON: \(error).", []) }
        return SandboxReport(
            lines: (report["sandbox"]?.array ?? []).compactMap { line in
                guard let name = line["name"]?.string, let isInForce = line["in_force"]?.bool else { return nil }
                return Line(name: name, isInForce: isInForce, text: line["text"]?.string ?? "")
            })
    }
}
