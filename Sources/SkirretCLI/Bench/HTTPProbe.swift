import CSpawn
import Foundation

/// A client that costs next to nothing: one connection to the loopback interface, one request at a time, on a thread of
/// its own.
///
/// Blocks; not for the cooperative pool.
final class HTTPProbe {
    /// Between two requests, and no part of what is timed: the API takes 50 changes a second from one caller.
    private static let pause = 0.022

    private let socket: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// Connects, or fails at once.
    init(port: Int) throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(socket)
            throw BenchFailure("nobody listens on 127.0.0.1:\(port)")
        }
        var on: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        // An answer that takes longer is none.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(socket) }

    /// A request's bytes; who is asked for no token does not mind one.
    static func request(_ path: String, token: String = "none", body: String) -> [UInt8] {
        Array(
            """
            POST \(path) HTTP/1.1\r
            Host: 127.0.0.1\r
            Authorization: Bearer \(token)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8)
    }

    /// A question's bytes.
    static func question(_ path: String, token: String) -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8)
    }

    /// Sends a request and reads its answer to the end.
    ///
    /// - Returns: The answer's body.
    /// - Throws: ``BenchFailure`` unless the answer is a good one.
    @discardableResult
    func ask(_ request: [UInt8]) throws -> [UInt8] {
        guard write(socket, request, request.count) == request.count else { throw BenchFailure("the connection broke") }
        var filled = 0, wanted = Int.max, body = 0
        while filled < wanted {
            let count = buffer.withUnsafeMutableBytes {
                read(socket, $0.baseAddress?.advanced(by: filled), $0.count - filled)
            }
            guard count > 0 else { throw BenchFailure("the answer ended before its end") }
            filled += count
            if wanted == Int.max, let end = Self.end(ofHead: buffer[..<filled]) {
                let head = String(decoding: buffer[..<end], as: UTF8.self)
                guard head.hasPrefix("HTTP/1.1 2") else {
                    throw BenchFailure(
                        "unexpected answer: \(String(decoding: buffer[..<filled], as: UTF8.self).prefix(500))")
                }
                guard let length = Self.contentLength(head) else { throw BenchFailure("an answer without a length") }
                (body, wanted) = (end, end + length)
            }
        }
        return Array(buffer[body..<filled])
    }

    /// Asks once, on a thread of its own.
    static func answer(port: Int, _ request: [UInt8]) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try HTTPProbe(port: port).ask(request) })
            }
        }
    }

    /// Times requests one after the other, after some that warm up.
    ///
    /// - Returns: Milliseconds each.
    static func times(port: Int, _ request: [UInt8], rounds: Int, warmUp: Int) async throws -> [Double] {
        try await times(port: port, request, warmUp: warmUp) { $0 < rounds }
    }

    /// Times requests one after the other for as long as the closure wants another after so many.
    static func times(
        port: Int, _ request: [UInt8], warmUp: Int, goingOn: @escaping @Sendable (Int) -> Bool
    ) async throws -> [Double] {
        try await withCheckedThrowingContinuation { continuation in
            // A thread of its own, as no thread of the pool may sleep.
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let probe = try HTTPProbe(port: port)
                        // A client elsewhere would not wait for this machine's processors.
                        cspawn_take_short_turns()
                        for _ in 0..<warmUp { _ = try probe.time(request) }
                        var times: [Double] = []
                        while goingOn(times.count) { times.append(try probe.time(request)) }
                        return times
                    })
            }
        }
    }

    /// How long one request takes, in milliseconds.
    private func time(_ request: [UInt8]) throws -> Double {
        Thread.sleep(forTimeInterval: Self.pause)  // Waits for nothing: it is the pace that the API allows one caller.
        let began = DispatchTime.now().uptimeNanoseconds
        try ask(request)
        return Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6
    }

    private static func end(ofHead bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...(bytes.count - 4)).first { bytes[$0..<($0 + 4)].elementsEqual([13, 10, 13, 10]) }.map { $0 + 4 }
    }

    private static func contentLength(_ head: String) -> Int? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == "content-length" {
                return Int(parts[1].trimmingCharacters(in: .whitespaces))
            }
        }
        return nil
    }
}
