import CeleryProtocol
import Logging
import Skirret
import SkirretRedis
import Synchronization

/// A worker with connections of its own, as if in a process of its own.
final class FleetWorker: Sendable {
    let queue: TaskQueue
    let worker: Worker
    private let life = Mutex<Task<Void, any Error>?>(nil)

    init(
        _ url: RedisURL, name: String, tasks: [RegisteredTask], logger: Logger = quiet,
        configure: (inout WorkerOptions) -> Void = { _ in }
    ) {
        queue = TaskQueue(url, name: name, logger: logger)
        var options = WorkerOptions(name: name, concurrency: 8)
        options.grace = .seconds(1)
        configure(&options)
        worker = Worker(queue, registry: TaskRegistry(tasks), options: options, logger: logger)
    }

    /// Begins to work.
    func start() {
        // A task of its own on purpose: it is to be killed while the test goes on.
        life.withLock { $0 = Task { [worker] in try await worker.run() } }
    }

    /// Ends it without a word to the broker, as a killed process would.
    func kill() async {
        let task = life.withLock { $0 }
        task?.cancel()
        await queue.close()
        _ = await task?.result
    }

    /// Ends it in order.
    func stop() async {
        let task = life.withLock { $0 }
        worker.stop()
        _ = await task?.result
        await queue.close()
    }
}

/// Runs workers beside `body`; those that still live are stopped afterwards.
func withFleet(_ workers: [FleetWorker], _ body: () async throws -> Void) async throws {
    for worker in workers { worker.start() }
    do { try await body() } catch {
        for worker in workers { await worker.stop() }
        throw error
    }
    for worker in workers { await worker.stop() }
}

/// Counts how often each task began.
final class Starts: Sendable {
    private let counts = Mutex<[TaskID: Int]>([:])

    func note(_ id: TaskID) { counts.withLock { $0[id, default: 0] += 1 } }
    func count(_ id: TaskID) -> Int { counts.withLock { $0[id] ?? 0 } }
    /// The tasks that began more than once, and how often.
    var repeated: [TaskID: Int] { counts.withLock { $0.filter { $0.value > 1 } } }
    var total: Int { counts.withLock { $0.values.reduce(0, +) } }
}

/// Tasks that note their starts.
extension Starts {
    /// Takes 5 ms and gives its argument back.
    var quick: TaskDefinition<Int, Int> {
        TaskDefinition("samples.quick") { [self] (context: TaskContext, number: Int) in
            note(context.id)
            try await Task.sleep(for: .milliseconds(5))
            return number
        }
    }

    /// Takes as many seconds as it is told.
    var slow: TaskDefinition<Double, Double> {
        TaskDefinition("samples.slow") { [self] (context: TaskContext, seconds: Double) in
            note(context.id)
            try await Task.sleep(for: .seconds(seconds))
            return seconds
        }
    }
}

/// Counts what a worker complains about.
final class Complaints: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "complaints") { [self] _ in Handler(complaints: self) }
    }

    private struct Handler: LogHandler {
        let complaints: Complaints
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            guard event.level >= .warning else { return }
            let line = "\(event.message) \(event.metadata ?? [:])"
            complaints.lines.withLock { $0.append(line) }
        }
    }
}

/// The ids that the broker accepted.
final class Accepted: Sendable {
    private let ids = Mutex<[TaskID]>([])

    func add(_ id: TaskID) { ids.withLock { $0.append(id) } }
    var all: [TaskID] { ids.withLock { $0 } }
}

/// Something that happens once.
final class Flag: Sendable {
    private let value = Mutex(false)

    var isUp: Bool { value.withLock { $0 } }
    func raise() { value.withLock { $0 = true } }
}

/// What producers were told instead of yes.
final class Refusals: Sendable {
    private let errors = Mutex<[any Error]>([])

    func add(_ error: any Error) { errors.withLock { $0.append(error) } }
    /// Those that do not say that Redis is away for a while.
    var untyped: [String] {
        errors.withLock { errors in
            errors.filter { ($0 as? RedisError)?.isPassing != true && !($0 is CancellationError) }.map { "\($0)" }
        }
    }
}

/// How many of these tasks have ended, by state.
func states(_ ids: [TaskID], _ queue: TaskQueue) async throws -> [String: Int] {
    var states: [String: Int] = [:]
    let replies = try await queue.redis.pipeline(ids.map { RedisCommand("GET", .init("celery-task-meta-\($0)")) })
    for reply in replies {
        let state = try reply.bytes.map { try TaskResult(decoding: $0).state.rawValue } ?? "none"
        states[state, default: 0] += 1
    }
    return states
}
