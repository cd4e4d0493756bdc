import Foundation
import SkirretRedis
import Synchronization

/// A server of the loopback interface that answers whatever it is sent with the same bytes, connection by connection.
///
/// Its threads end with their sockets; `stop` shuts the listening one.
final class RawServer: Sendable {
    let url: RedisURL
    private let listening: Int32
    private let accepted = Mutex(0)

    /// How many connections were made so far.
    var connectionCount: Int { accepted.withLock { $0 } }

    /// `answer`: what the nth connection (from 0) is sent for each packet it sends; nil hangs up.
    init(answer: @escaping @Sendable (_ connection: Int) -> [UInt8]?) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0 && listen(descriptor, 16) == 0
                    ? getsockname(descriptor, generic, &length) : -1
            }
        }
        guard outcome == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        listening = descriptor
        url = RedisURL(address: .tcp(host: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port))))
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listening, nil, nil)
                guard connection >= 0 else { break }
                let number = accepted.withLock { count in
                    defer { count += 1 }
                    return count
                }
                Thread.detachNewThread { Self.serve(connection) { answer(number) } }
            }
            close(listening)
        }
    }

    func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
    }

    private static func serve(_ connection: Int32, answer: () -> [UInt8]?) {
        defer { close(connection) }
        var received = [UInt8](repeating: 0, count: 65_536)
        while read(connection, &received, received.count) > 0 {
            guard let bytes = answer() else { return }
            guard send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
        }
    }
}
