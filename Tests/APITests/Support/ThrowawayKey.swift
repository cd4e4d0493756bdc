import CeleryProtocol
import Foundation
import NIOCore
import NIOPosix

@testable import PluginRuntime

/// An OpenPGP key that nobody keeps, and what is signed with it.
struct ThrowawayKey: Sendable {
    private static let program = "/usr/bin/gpg"
    static let isPossible = FileManager.default.isExecutableFile(atPath: program)

    /// As its owner would publish it.
    let publicKey: String
    private let home: URL

    /// Makes a key, and forgets it afterwards.
    static func with<R>(_ body: (ThrowawayKey) async throws -> R) async throws -> R {
        // Short: the agent's socket lies in it.
        let home = FileManager.default.temporaryDirectory.appending(path: "skg-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            try await run(home, ["--passphrase", "", "--quick-generate-key", "tests", "ed25519", "sign", "never"])
            let key = ThrowawayKey(publicKey: try await run(home, ["--armor", "--export"]), home: home)
            let value = try await body(key)
            try await end(home)
            return value
        } catch {
            try await end(home)
            throw error
        }
    }

    /// A manifest with its signature, as repositories publish it.
    func sign(_ manifest: JSONValue) async throws -> JSONValue {
        ["manifest": manifest, "signature": .string(try await sign(Array((manifest.text + "\n").utf8)))]
    }

    /// The detached signature of some bytes.
    func sign(_ document: [UInt8]) async throws -> String {
        let file = home.appending(path: UUID().uuidString)
        try Data(document).write(to: file)
        return try await Self.run(home, ["--armor", "--detach-sign", "--output", "-", file.path])
    }

    @discardableResult
    private static func run(_ home: URL, _ arguments: [String]) async throws -> String {
        try await run(program, ["--homedir", home.path, "--batch", "--quiet", "--no-tty"] + arguments)
    }

    private static func end(_ home: URL) async throws {
        try await run("/usr/bin/gpgconf", ["--homedir", home.path, "--kill", "all"])
        try FileManager.default.removeItem(at: home)
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) async throws -> String {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let output = try await ProgramOutput.of(limit: 1 << 20, within: .seconds(60), on: loop) { descriptors in
            try ChildProcess.start(
                program, arguments: arguments, environment: ["LC_ALL": "C", "PATH": "/usr/bin:/bin"],
                workingDirectory: nil, descriptors: descriptors, on: loop)
        }
        guard output.exit.exitCode == 0 else { throw Failure(what: arguments, lines: output.lines) }
        return String(decoding: output.bytes ?? [], as: UTF8.self)
    }

    private struct Failure: Error {
        let what: [String]
        let lines: [String]
    }
}
