import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reads a file on this machine, off the cooperative pool.
struct FileTransfer {
    /// Each piece costs the parser, the reader and the stage some changes of threads, 0.2 ms together.
    private static let pieceBytes = 262_144
    private let transfer: Transfer

    init(_ transfer: Transfer) { self.transfer = transfer }

    func run(_ path: String) async throws {
        let pool = NIOThreadPool.singleton
        let (descriptor, size, version) = try await pool.runIfActive { try Self.openFile(path) }
        defer { close(descriptor) }
        if let known = transfer.known {
            if let tag = version?.tag, tag == known.tag { return transfer.keepKnown() }
            // Reading it once more costs a hundredth of what parsing it does.
            if let digest = known.digest, digest.hasPrefix("\(size)-"),
                try await pool.runIfActive({ try Self.digest(descriptor, path) }) == digest
            {
                return transfer.keepKnown(as: version)
            }
        }
        try await transfer.begin(total: size, version: version)
        while true {
            let piece = try await pool.runIfActive { try Self.readPiece(descriptor, path) }
            guard piece.readableBytes > 0 else { return }
            try await transfer.take(piece)
        }
    }

    private static func openFile(_ path: String) throws -> (descriptor: Int32, size: Int, version: FileVersion?) {
        // Without O_NONBLOCK opening a pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DownloadError(.unreadableFile, "\(path) is not a file.")
        }
        // As rsync does, plus the file's number: a file that is moved into place is another one.
        let tag = "\(facts.st_ino)-\(facts.st_size)-\(facts.modificationNanoseconds)"
        return (descriptor, Int(facts.st_size), FileVersion(tag: tag, modified: nil))
    }

    /// What the file's bytes come to; leaves the reading position alone.
    private static func digest(_ descriptor: Int32, _ path: String) throws -> String {
        var digest = ContentDigest()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * pieceBytes, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(digest.length))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { return digest.text }
            digest.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private static func readPiece(_ descriptor: Int32, _ path: String) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: pieceBytes)
        var result = 0
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: pieceBytes) { space in
            repeat {
                result = read(descriptor, space.baseAddress, pieceBytes)
            } while result < 0 && errno == EINTR
            return max(0, result)
        }
        guard result >= 0 else { throw failure(path) }
        return buffer
    }

    private static func failure(_ path: String) -> DownloadError {
        DownloadError(.unreadableFile, "\(path): \(String(cString: strerror(errno))).")
    }
}

extension stat {
    /// Nanoseconds since 1970.
    fileprivate var modificationNanoseconds: Int {
        #if canImport(Glibc)
            st_mtim.tv_sec * 1_000_000_000 + st_mtim.tv_nsec
        #else
            st_mtimespec.tv_sec * 1_000_000_000 + st_mtimespec.tv_nsec
        #endif
    }
}
