import Foundation
import Synchronization

/// Stands between our programs and Redis, passes everything on, and keeps what was sent.
///
/// What it kept is the exact work of a run: played back by a client that does nothing else, it shows the
/// limit that Redis sets to anybody who sends these commands.
final class RecordingProxy: Sendable {
    /// Where clients connect, on the loopback interface.
    let port: Int
    private let target: Int
    private let listener: Int32
    private let kept = Mutex<[RecordedCommand]>([])
    private let heard = Atomic<Int>(0)
    private let sockets = Mutex<[Int32]>([])

    /// Listens on a free port.
    ///
    /// - Parameter target: Redis's port.
    /// - Throws: When there is none.
    init(target: Int) throws {
        self.target = target
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = Self.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw BenchFailure("the recording proxy cannot listen: errno \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
        // Threads, since everything here blocks; they end with the sockets.
        Thread.detachNewThread { [self] in accept() }
    }

    /// The commands of all connections in the order in which they came in, and forgets them.
    func take() -> [RecordedCommand] {
        kept.withLock { kept in
            defer { kept = [] }
            return kept
        }
    }

    /// How many commands went through, those of connections' own life included.
    var commandCount: Int { heard.load(ordering: .relaxed) }

    /// How many connections were opened through it.
    var connectionCount: Int { sockets.withLock { $0.count / 2 } }

    /// Cuts all connections.
    func close() {
        for socket in sockets.withLock({ $0 }) + [listener] { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.loopback(port: target)
            let isConnected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isConnected else {
                Glibc.close(client)
                continue
            }
            var yes: Int32 = 1
            for socket in [client, server] {
                setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            }
            sockets.withLock { $0 += [client, server] }
            Thread.detachNewThread { [self] in pass(from: client, to: server, isRecorded: true) }
            Thread.detachNewThread { [self] in pass(from: server, to: client, isRecorded: false) }
        }
    }

    private func pass(from source: Int32, to target: Int32, isRecorded: Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var splitter = CommandSplitter()
        // What lies behind a blocking wait is no work that a replay could do: it runs when the wait ends.
        var isWait = false
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            var sent = 0
            while sent < count {
                let more = buffer.withUnsafeBytes { write(target, $0.baseAddress?.advanced(by: sent), count - sent) }
                guard more > 0 else { return }
                sent += more
            }
            guard isRecorded else { continue }
            let commands = buffer.withUnsafeBytes { splitter.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            heard.add(commands.count, ordering: .relaxed)
            isWait = isWait || commands.contains(where: \.isWait)
            if !isWait { kept.withLock { $0 += commands.filter(\.isWork) } }
        }
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func loopback(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return address
    }
}

/// Why a bench cannot go on.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
