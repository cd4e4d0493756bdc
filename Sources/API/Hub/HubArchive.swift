import Catalog
import Foundation
import HTTPTypes
import Ingest
import Logging
import NIOPosix

/// A plugin's archive on its way from a repository into the plugins folder.
struct HubArchive: Sendable {
    /// For all of one: 200 MiB at a slow line's 700 KB/s.
    private static let deadline = Duration.seconds(300)
    /// Half a minute of waiting must bring 16 KiB.
    private static let idleDeadline = Duration.seconds(30)

    /// The file.
    let path: String
    private let folder: URL

    /// Downloads an archive into a folder of its own.
    ///
    /// - Parameters:
    ///   - address: Where it is; private only on the repository's own server.
    ///   - repository: Whose it is.
    ///   - uploads: Where the folder is made.
    ///   - limit: Bytes that are taken.
    ///   - logger: Where troubles on the way are told.
    /// - Returns: The file; whoever has it sees to its end.
    /// - Throws: ``APIError`` 400 for an address that is not fetched and for too many bytes, 502 for what went wrong.
    static func fetch(
        _ address: String, of repository: PluginRepository, into uploads: URL, limit: Int, logger: Logger
    ) async throws -> HubArchive {
        let folder = uploads.appending(path: UUID().uuidString.lowercased())
        let archive = HubArchive(path: folder.appending(path: "0").path, folder: folder)
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let file = try await UploadFile(creating: archive.path)
            do {
                try await Download(options: options(repository, limit), logger: logger).run(.web(address)) { bytes in
                    try await file.append(bytes)
                }
            } catch {
                try? await file.close()  // The first error is the one to report.
                throw error
            }
            try await file.close()
            return archive
        } catch {
            archive.discard()
            guard let error = error as? DownloadError else { throw error }
            throw explained(error)
        }
    }

    /// Compares what lies on the disk with what was promised; nil promises nothing.
    ///
    /// - Throws: 400.
    func verify(_ checksum: String?) async throws {
        guard let checksum else { return }
        let path = path
        let found = try await NIOThreadPool.singleton.runIfActive { try Digest.sha256(ofFile: path) }
        guard found.hexadecimal == checksum else {
            throw APIError.badRequest(
                "SHA256 integrity check failed - download discarded. The file may be corrupted or tampered with.",
                code: "wrong_checksum", hint: "Expected \(checksum.prefix(64)), got \(found.hexadecimal).")
        }
    }

    /// Removes it.
    func discard() {
        // try?: already gone is as good, and a left-over is swept with the other old uploads.
        try? FileManager.default.removeItem(at: folder)
    }

    private static func options(_ repository: PluginRepository, _ limit: Int) -> Download.Options {
        var options = Download.Options()
        options.trust = .named(typed: repository.url)
        options.maximumBytes = limit
        options.totalDeadline = deadline
        options.idleDeadline = idleDeadline
        options.firstByteDeadline = idleDeadline
        options.connectDeadline = .seconds(15)
        return options
    }

    private static func explained(_ error: DownloadError) -> APIError {
        switch error.code {
        case .refusedAddress: .badRequest(error.detail, code: "refused_address")
        case .tooLarge: .badRequest("Download is too large", code: "download_too_large", hint: error.detail)
        default:
            APIError(
                .badGateway, code: "download_failed", "Failed to download plugin. Check the URL and try again.",
                hint: error.detail)
        }
    }
}
