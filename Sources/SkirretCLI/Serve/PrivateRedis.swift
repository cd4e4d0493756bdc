import Foundation
import Logging
import SkirretRedis

/// The `redis-server` of one machine, on a unix socket in the data folder: durable, never evicting, reachable by us alone.
struct PrivateRedis {
    let folder: URL
    let logger: Logger
    /// Attempts that are expected to fail are no news.
    private static let silence = Logger(label: "skirret.redis") { _ in SwiftLogNoOpLogHandler() }
    /// Longer paths do not fit into a socket's address.
    private static let longestSocketPath = 100

    static func socket(in dataDirectory: URL) -> String { dataDirectory.appending(path: "redis/redis.sock").path }

    static func url(in dataDirectory: URL) -> RedisURL {
        RedisURL(address: .unix(path: socket(in: dataDirectory)))
    }

    /// The arguments of `redis-server`.
    func arguments() throws -> [String] {
        let socket = folder.appending(path: "redis.sock").path
        guard socket.utf8.count <= Self.longestSocketPath else {
            throw SupervisedProcess.StartFailure(
                description: "the path \(socket) is too long for a unix socket. Choose a shorter --data-dir, "
                    + "or name a broker with --redis-url.")
        }
        return [
            "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", folder.path,
            "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
            "--daemonize", "no", "--pidfile", folder.appending(path: "redis.pid").path,
            "--logfile", folder.appending(path: "redis.log").path,
        ]
    }

    static func findServer() throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in path.split(separator: ":") + ["/usr/bin", "/usr/local/bin"] {
            let candidate = "\(folder)/redis-server"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw SupervisedProcess.StartFailure(
            description: "redis-server is not installed. Install Debian's package redis-server, "
                + "or name a broker with --redis-url.")
    }

    /// Whether a server answers on the socket already, left behind by a supervisor that was killed.
    func isAnswering() async -> Bool {
        var options = RedisOptions()
        options.commandDeadline = .milliseconds(300)
        let client = RedisClient(
            Self.url(in: folder.deletingLastPathComponent()), options: options, logger: Self.silence)
        // No answer is an answer here.
        let reply = try? await client.send("PING")
        await client.close()
        return reply?.string == "PONG"
    }

    /// Waits until it has read its data and answers.
    func waitUntilReady(within limit: Duration) async throws {
        let client = RedisClient(Self.url(in: folder.deletingLastPathComponent()), logger: Self.silence)
        defer { Task { await client.close() } }  // closing is not waited for: the caller's time is worth more
        let end = ContinuousClock.now + limit
        while true {
            do {
                _ = try await client.send("PING")
                return
            } catch  where ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
