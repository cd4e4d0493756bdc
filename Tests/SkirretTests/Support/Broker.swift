import Logging
import Skirret
import SkirretRedis
import SkirretTesting

/// Says nothing.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs a worker beside `body` and stops it afterwards.
func withWorker(
    _ queue: TaskQueue, tasks: [RegisteredTask], configure: (inout WorkerOptions) -> Void = { _ in },
    _ body: () async throws -> Void
) async throws {
    var options = WorkerOptions(name: "test@host", concurrency: 4)
    options.grace = .seconds(1)
    configure(&options)
    let worker = Worker(queue, registry: TaskRegistry(tasks), options: options, logger: quiet)
    async let running: Void = worker.run()
    do {
        try await body()
    } catch {
        worker.stop()
        try await running
        throw error
    }
    worker.stop()
    try await running
}

/// A broker of its own and the way to it.
///
/// `hasOwnBackend`: results are in another database.
func withQueue(hasOwnBackend: Bool = false, _ body: (TaskQueue) async throws -> Void) async throws {
    try await ThrowawayRedis.withServer { url in
        var backend = url
        backend.database = 1
        let queue = TaskQueue(url, backend: hasOwnBackend ? backend : nil, logger: quiet)
        do { try await body(queue) } catch {
            await queue.close()
            throw error
        }
        await queue.close()
    }
}

/// Everything that is left in Redis, apart from results and what is meant to outlive a run.
func leftovers(_ queue: TaskQueue) async throws -> [String] {
    let keys = try await queue.redis.send("KEYS", "*").array?.compactMap(\.string) ?? []
    let lasting = [
        "celery-task-meta-", "_kombu.binding", "skirret:sent:", "skirret:swept", "skirret:log:", "skirret:revoked",
        "skirret:queues",
        "skirret:lost", "skirret:stalled", "skirret:armed:",
    ]
    return keys.filter { key in !lasting.contains { key.hasPrefix($0) } }.sorted()
}

/// Asks until the answer is yes.
func until(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
}
