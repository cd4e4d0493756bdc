import Foundation
import Skirret
import SkirretRedis
import SkirretTesting

/// The bench's own Redis: on a free port, nothing kept, nothing evicted.
struct BenchRedis {
    let server: ThrowawayRedis
    let port: Int
    let client: RedisClient
    let pid: Int

    /// Where all benches put their tasks.
    static let queue = "bench"

    static func start() async throws -> BenchRedis {
        let server = try await ThrowawayRedis.start(
            .init(listener: .tcp, arguments: ["--maxmemory-policy", "noeviction"]))
        guard case .tcp(_, let port) = server.url.address else { throw BenchFailure("Redis listens on no port") }
        let client = RedisClient(server.url)
        let info = try await client.send("INFO", "server").string ?? ""
        guard let pid = Self.field("process_id", of: info) else { throw BenchFailure("Redis has no process id") }
        return BenchRedis(server: server, port: port, client: client, pid: Int(pid))
    }

    func stop() async {
        await client.close()
        await server.stop()
    }

    func flush() async throws { _ = try await client.send("FLUSHALL") }

    /// Brings Redis to where it is half a minute after the last message was sent: the markers by which it knows a
    /// repeated call are gone, and it has nothing left to do.
    ///
    /// A million of them would be found to cost claims that have nothing to do with them: Redis grows the table of its
    /// keys, and takes out what is over.
    func forgetSending() async throws {
        var cursor = "0"
        repeat {
            let page = try await client.send("SCAN", .init(cursor), "MATCH", "skirret:sent:*", "COUNT", 5_000).array
            cursor = page?.first?.string ?? "0"
            let markers = page?.last?.array?.compactMap(\.string) ?? []
            if !markers.isEmpty {
                _ = try await client.send(RedisCommand("UNLINK", arguments: markers.map { .init($0) }))
            }
        } while cursor != "0"
        var before = cpuSeconds
        for _ in 0..<120 {
            try await Task.sleep(for: .milliseconds(250))
            let now = cpuSeconds
            // One percent of the time; where nobody counts it, nothing is waited for.
            if !(now - before >= 0.0025) { return }
            before = now
        }
    }

    /// Messages that wait or are held.
    func unfinished() async throws -> Int {
        let counts = try await client.pipeline([
            RedisCommand("LLEN", .init(Self.queue)), RedisCommand("HLEN", "unacked"),
        ])
        return counts.compactMap(\.int).reduce(0, +)
    }

    func waiting() async throws -> Int { try await client.send("LLEN", .init(Self.queue)).int ?? 0 }

    /// Commands that clients sent, up to now.
    func commandCount() async throws -> Double {
        Self.field("total_commands_processed", of: try await client.send("INFO", "stats").string ?? "") ?? 0
    }

    /// Seconds of processor time that Redis has used.
    var cpuSeconds: Double {
        // Not every kernel has the file.
        let text = (try? String(contentsOfFile: "/proc/\(pid)/schedstat", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").first.flatMap { Double($0) } ?? .nan) / 1e9
    }

    private static func field(_ name: String, of info: String) -> Double? {
        info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name):") }
            .flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}
