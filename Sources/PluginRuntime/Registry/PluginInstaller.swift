import CeleryProtocol
public import NIOCore
public import NIOPosix

/// Puts plugins that come as archives into the plugins folder.
///
///     stage ──▶ staged beside its place ── install ──▶ in its place, in one step
///                      └───────────────── discard ──▶ gone
///
/// The archive is read by `skirret_host.archive`, a process of its own under limits and in the sandbox; nothing of the
/// plugin runs.
public struct PluginInstaller: Sendable {
    /// An archive that was inspected whole and unpacked beside its place.
    public struct Staged: Sendable, Hashable {
        /// Where it is.
        public let path: String
        /// The name of its folder once it is installed.
        public let folder: String
        /// The key that an archive of this name gets.
        public let key: String
        /// Whether there is a plugin of that key already, dashes and underscores being the same.
        public let exists: Bool
    }

    /// Why an archive is not installed.
    public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// Stable, for programs: `unsafe_path`.
        public let code: String
        /// Dispatcharr's sentence.
        public let description: String
    }

    /// 60 s: two hundred megabytes on a slow disk.
    private static let deadline = TimeAmount.seconds(60)

    private let environment: PythonEnvironment
    private let eventLoopGroup: any EventLoopGroup

    /// An installer for the environment's plugins folder.
    public init(
        _ environment: PythonEnvironment, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.environment = environment
        self.eventLoopGroup = eventLoopGroup
    }

    /// Inspects an archive and unpacks it; a refused one leaves nothing behind.
    ///
    /// - Parameters:
    ///   - archive: the file's path.
    ///   - name: what its sender calls it; a plugin that lies at its root is called like it.
    /// - Returns: where it is, and whether its place is taken.
    /// - Throws: ``Refusal``; ``PluginError`` when Python does not run.
    public func stage(archive: String, name: String) async throws -> Staged {
        let answer = try await ask(["stage", archive, name])
        guard let path = answer["staged"]?.string, let folder = answer["folder"]?.string,
            let key = answer["key"]?.string, let exists = answer["exists"]?.bool
        else { throw failure("Its answer lacks something.", []) }
        return Staged(path: path, folder: folder, key: key, exists: exists)
    }

    /// Moves a staged plugin into its place: at each moment the old one is whole there, or the new one.
    ///
    /// - Throws: ``Refusal`` when it is there and is not to be overwritten.
    public func install(_ staged: Staged, overwriting: Bool) async throws {
        _ = try await ask(["install", staged.path, staged.folder] + (overwriting ? ["--overwrite"] : []))
    }

    /// Removes a staged plugin that nobody wants.
    public func discard(_ staged: Staged) async throws {
        _ = try await ask(["discard", staged.path])
    }

    private func ask(_ arguments: [String]) async throws -> JSONObject {
        let output = try await environment.output(
            of: "skirret_host.archive", arguments, limit: 1 << 20, within: Self.deadline, on: eventLoopGroup.next(),
            failure: failure)
        let answer: JSONObject
        do { answer = try JSONValue(parsing: output).object ?? [:] } catch { throw failure("\(error).", []) }
        guard let error = answer["error"]?.string else { return answer }
        throw Refusal(code: answer["code"]?.string ?? "install_failed", description: error)
    }

    private func failure(_ reason: String, _ lines: [String]) -> PluginError {
        PluginError(
            .unavailable, message: "The archive could not be read. \(reason)",
            hint: "Try again; `skirret doctor` looks whether Python runs.", details: lines)
    }
}

extension PluginDiscovery {
    /// An installer for the same folder.
    public var installer: PluginInstaller { PluginInstaller(environment, eventLoopGroup: eventLoopGroup) }
}
