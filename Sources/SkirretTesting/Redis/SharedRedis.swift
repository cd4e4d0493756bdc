import Foundation
public import SkirretRedis
import Synchronization

/// One server for all tests of a process, each in a database of its own; started with the first, gone with the process.
///
/// Starting a server costs some 30 ms and more on a busy machine; an empty database costs one command. Databases share
/// what Redis has once: pub/sub, `CLIENT LIST`, scripts, memory. A test that kills, pauses or configures the server takes
/// ``ThrowawayRedis/withServer(_:_:)`` instead.
actor SharedRedis {
    static let instance = SharedRedis()

    private static let databases = 1_024
    private var server: Task<ThrowawayRedis, any Error>?
    private var free = Array((0..<databases).reversed())
    private var waiting: [CheckedContinuation<Int, Never>] = []

    func url() async throws -> RedisURL {
        if let server { return try await server.value.url }
        // Shared by whoever comes while it starts, so it is nobody's child.
        let starting = Task {
            try await ThrowawayRedis.start(.init(arguments: ["--databases", String(Self.databases)]))
        }
        server = starting
        return try await starting.value.url
    }

    func takeDatabase() async -> Int {
        if let number = free.popLast() { return number }
        return await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack(_ number: Int) {
        if waiting.isEmpty { free.append(number) } else { waiting.removeFirst().resume(returning: number) }
    }
}

extension ThrowawayRedis {
    /// Runs the body with an empty database of the server that all tests of this process share.
    ///
    ///     @Test func `a call waits in its queue`() async throws {
    ///         try await ThrowawayRedis.withDatabase { url in
    ///             let queue = TaskQueue(url)
    ///             …
    ///         }
    ///     }
    ///
    /// Much faster than a server of one's own, and as good where nothing is done to the server itself. Messages of other
    /// tests may be heard on channels whose names carry no database number.
    ///
    /// - Throws: what the body throws, or `RedisError.unreachable` with the server's log when it does not start.
    public static func withDatabase<R>(_ body: (RedisURL) async throws -> R) async throws -> R {
        var url = try await SharedRedis.instance.url()
        let number = await SharedRedis.instance.takeDatabase()
        url.database = number
        let outcome: Result<R, any Error>
        do { outcome = .success(try await body(url)) } catch { outcome = .failure(error) }
        let redis = RedisClient(url, logger: silence)
        try await redis.send("FLUSHDB", "ASYNC")
        await redis.close()
        await SharedRedis.instance.giveBack(number)
        return try outcome.get()
    }
}
