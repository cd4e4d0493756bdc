import Foundation
public import NIOCore
public import NIOPosix

/// Tells whether a detached OpenPGP signature is right, by Debian's `gpgv`.
///
/// That program knows the keys it is given and no others, asks nobody, writes nothing, and needs no home.
public struct SignatureCheck: Sendable {
    /// Why nothing could be told.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// Stable, for programs: `gpgv_missing` or `gpgv_failed`.
        public let code: String
        /// What happened.
        public let message: String
        /// What the reader can do about it.
        public let hint: String

        /// Both sentences.
        public var description: String { "\(message) \(hint)" }
    }

    /// Far more than any signature of one document.
    private static let mostSignatureBytes = 64 * 1024
    /// It needs milliseconds.
    private static let deadline = TimeAmount.seconds(10)

    private let searchPath: String
    private let eventLoopGroup: any EventLoopGroup

    /// A check by the first `gpgv` in the folders of `searchPath`, by default those of `PATH`.
    public init(
        searchPath: String? = nil, eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.searchPath =
            searchPath ?? ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        self.eventLoopGroup = eventLoopGroup
    }

    /// Whether the key's owner signed these bytes.
    ///
    /// - Parameters:
    ///   - signature: armoured, as `gpg --armor --detach-sign` writes it.
    ///   - document: what was signed.
    ///   - key: whose signature counts.
    /// - Returns: False for another's signature, for one of other bytes, and for what is no signature.
    /// - Throws: ``Failure`` when it cannot be told.
    public func isRight(_ signature: String, of document: [UInt8], by key: PublicKey) async throws -> Bool {
        guard signature.utf8.count <= Self.mostSignatureBytes else { return false }
        let program = try program()
        let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-signature-\(UUID().uuidString)")
        // try?: what stays behind holds nothing secret, and the system clears its folder for temporary files.
        defer { try? FileManager.default.removeItem(at: folder) }
        let names = ["key", "signature", "document"]
        let loop = eventLoopGroup.next()
        let output: ProgramOutput
        do {
            try await NIOThreadPool.singleton.runIfActive {
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                for (name, bytes) in zip(names, [key.packets, Array(signature.utf8), document]) {
                    try Data(bytes).write(to: folder.appending(path: name))
                }
            }
            output = try await ProgramOutput.of(limit: 64 << 10, within: Self.deadline, on: loop) { descriptors in
                try ChildProcess.start(
                    program,
                    arguments: ["--status-fd", "1", "--weak-digest", "SHA1", "--homedir", folder.path, "--keyring"]
                        + names.map { folder.appending(path: $0).path },
                    environment: ["LC_ALL": "C"], workingDirectory: folder.path, descriptors: descriptors, on: loop)
            }
        } catch {
            throw Failure(
                code: "gpgv_failed", message: "The signature could not be checked: \(error).",
                hint: "Is there room for temporary files, and does \(program) run?")
        }
        guard let code = output.exit.exitCode else {
            throw Failure(
                code: "gpgv_failed", message: "The signature could not be checked: gpgv did not end by itself.",
                hint: "Try again.")
        }
        let said = String(decoding: output.bytes ?? [], as: UTF8.self).split(separator: "\n")
        return code == 0 && said.contains { $0.hasPrefix("[GNUPG:] VALIDSIG ") }
            && !said.contains { $0.hasPrefix("[GNUPG:] REVKEYSIG ") }
    }

    private func program() throws(Failure) -> String {
        for folder in searchPath.split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/gpgv"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Failure(
            code: "gpgv_missing", message: "Signatures cannot be checked: there is no gpgv on this machine.",
            hint: "Install it: apt-get install gpgv.")
    }
}
