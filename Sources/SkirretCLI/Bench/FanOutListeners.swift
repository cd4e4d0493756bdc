import ArgumentParser
import Foundation

/// The listening side of ``FanOutBench``, in a process of its own: many sockets, one thread, nothing but counting.
///
/// Written over `poll` alone, so that it costs the cores that it shares with the server as little as can be.
struct FanOutListeners: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listeners", abstract: "The listening side of a bench.", shouldDisplay: false)

    @Argument var port: Int
    @Argument var path: String
    @Argument var clients: Int
    /// How many events each of them is to hear.
    @Argument var events: Int
    /// Seconds without any event after which the rest is given up.
    @Option var patience = 10.0

    /// What each event carries: when it was sent, by the clock that all processes share.
    static let stamp = Array(#""at":"#.utf8)

    func run() throws {
        var sockets = try (0..<clients).map { _ in
            pollfd(fd: try connect(), events: Int16(POLLIN), revents: 0)
        }
        print("ready")
        fflush(nil)
        report(listen(on: &sockets))
    }

    /// Microseconds on the way, of each delivery, and when the last one came.
    private func listen(on sockets: inout [pollfd]) -> (delays: [Float], last: Int) {
        var delays: [Float] = []
        delays.reserveCapacity(clients * events)
        var last = 0
        var readers = [FrameReader](repeating: FrameReader(), count: sockets.count)
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        // The first events may take longer: somebody has yet to send them.
        while delays.count < clients * events {
            let timeout = Int32((delays.isEmpty ? 3 : 1) * patience * 1000)
            guard poll(&sockets, UInt(sockets.count), timeout) > 0 else { break }
            for index in sockets.indices where sockets[index].revents != 0 {
                let length = read(sockets[index].fd, &buffer, buffer.count)
                guard length > 0 else {
                    sockets[index].fd = -1  // poll passes over it
                    continue
                }
                let now = BenchTasks.monotonicNanoseconds
                buffer.withUnsafeBytes { bytes in
                    readers[index].take(UnsafeRawBufferPointer(rebasing: bytes[..<length])) { sent in
                        delays.append(Float(now - sent) / 1000)
                        last = now
                    }
                }
            }
        }
        return (delays, last)
    }

    private func report(_ heard: (delays: [Float], last: Int)) {
        let sorted = heard.delays.sorted()
        func delay(_ share: Double) -> Float { sorted.isEmpty ? .nan : sorted[Int(Double(sorted.count - 1) * share)] }
        print("\(sorted.count) \(heard.last) \(delay(0.5)) \(delay(0.99))")
    }

    /// Opens a WebSocket the short way: the answer only has to be a 101.
    private func connect() throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw BenchFailure("nothing listens on port \(port)") }
        let request = """
            GET \(path) HTTP/1.1\r
            Host: 127.0.0.1:\(port)\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: c2tpcnJldC1iZW5jaC1rZQ==\r
            \r

            """
        guard write(socket, request, request.utf8.count) == request.utf8.count else {
            throw BenchFailure("the server hung up")
        }
        // Byte by byte up to the empty line: what follows it are frames already.
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.ends(with: "\r\n\r\n".utf8), read(socket, &byte, 1) == 1 { head.append(byte) }
        guard head.starts(with: "HTTP/1.1 101".utf8) else {
            throw BenchFailure("no WebSocket at \(path): \(String(decoding: head.prefix(60), as: UTF8.self))")
        }
        return socket
    }
}

extension Array where Element: Equatable {
    fileprivate func ends(with end: some Collection<Element>) -> Bool { suffix(end.count).elementsEqual(end) }
}

/// Cuts what a server sends into frames (RFC 6455, section 5.2) and finds the stamps in them.
struct FrameReader {
    private var rest: [UInt8] = []

    /// Takes what came, and tells the time stamp of each event in it.
    mutating func take(_ bytes: UnsafeRawBufferPointer, heard: (Int) -> Void) {
        guard rest.isEmpty else {
            rest += bytes
            let all = rest
            rest = []
            return all.withUnsafeBytes { cut($0, heard) }
        }
        cut(bytes, heard)
    }

    private mutating func cut(_ bytes: UnsafeRawBufferPointer, _ heard: (Int) -> Void) {
        var at = 0
        while bytes.count - at >= 2 {
            var (length, head) = (Int(bytes[at + 1] & 0x7F), 2)
            if length == 126 {
                guard bytes.count - at >= 4 else { break }
                (length, head) = (Int(bytes[at + 2]) << 8 | Int(bytes[at + 3]), 4)
            }
            guard bytes.count - at >= head + length else { break }
            if let sent = Self.stamp(in: bytes[(at + head)..<(at + head + length)]) { heard(sent) }
            at += head + length
        }
        rest += bytes[at...]
    }

    private static func stamp(in frame: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard let start = frame.firstRange(of: FanOutListeners.stamp)?.upperBound else { return nil }
        var number = 0
        for byte in frame[start...] {
            if byte == UInt8(ascii: " ") { continue }
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { break }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
