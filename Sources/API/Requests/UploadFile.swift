import Foundation
import NIOCore
import NIOPosix

/// A new file on disk, written on NIO's threads for blocking calls.
struct UploadFile: Sendable {
    let path: String
    private let handle: FileHandle

    init(creating path: String) async throws {
        self.path = path
        handle = try await NIOThreadPool.singleton.runIfActive {
            guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw APIError.storageFull }
            return try FileHandle(forWritingTo: URL(filePath: path))
        }
    }

    func append(_ bytes: ByteBuffer) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            do {
                try handle.write(contentsOf: bytes.readableBytesView)
            } catch {
                throw APIError.storageFull
            }
        }
    }

    func close() async throws {
        try await NIOThreadPool.singleton.runIfActive { try handle.close() }
    }
}
