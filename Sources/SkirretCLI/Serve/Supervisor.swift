import CSpawn
import Catalog
import CeleryProtocol
import Foundation
import Logging
import Skirret
import SkirretRedis

/// `skirret serve`: the private Redis and every role, each a process of its own that is started again when it dies.
final class Supervisor: Sendable {
    private let settings: Settings
    private let workers: Workers
    private let logger = Logger(label: "skirret.serve")
    /// End of file on its other end tells the children that we are gone.
    private let life: (read: Int32, write: Int32)
    private let stopping = Doorway()

    /// The worker processes.
    struct Workers: Sendable {
        var count: Int
        var flags: [String]
        /// How far they give way to the API, and to all else on the machine.
        var niceness: Int
    }

    /// Prepares; nothing is started yet.
    init(_ settings: Settings, workers: Workers) throws {
        self.settings = settings
        self.workers = workers
        var read: Int32 = -1, write: Int32 = -1
        guard cspawn_pipe(&read, &write) == 0 else { throw SupervisedProcess.StartFailure(description: "no pipe") }
        life = (read, write)
    }

    /// Starts everything, tells when it is ready, and runs until told to stop: roles first, Redis last.
    func run(until signals: OperatorSignals, ready: @escaping @Sendable (_ port: Int) -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if settings.namedRedis == nil { try await startRedis(&group) }
            let executable = try Executable.path()
            let roles = ["api", "beat"]
            for role in roles {
                group.addTask { [self] in
                    try await keep(role, alive: { [self] in try startRole(role, executable, ready) })
                    stopping.leave()
                }
            }
            stopping.expect(roles.count + 1)
            let (wishes, workers) = AsyncStream<OperatorWish>.makeStream()
            group.addTask { [self] in
                try await keepWorkers(wishes)
                stopping.leave()
            }
            signals.listen { [stopping] wish in
                workers.yield(wish)
                if [.stop, .interrupt].contains(wish) { stopping.open() }
            }
            try await group.waitForAll()
        }
    }

    // MARK: workers

    private func keepWorkers(_ wishes: AsyncStream<OperatorWish>) async throws {
        let logger = Logger(label: "skirret.pool")
        let queue = settings.taskQueue("skirret-pool", logger: logger)
        let pool = try WorkerPool(
            .init(
                name: Settings.nodeName(nil), size: workers.count, arguments: ["worker"] + workers.flags,
                environment: environment, grace: .seconds(30), replacesDeparted: true,
                turn: .patient(steps: workers.niceness)),
            queue: queue, logger: logger)
        try await pool.run(wishes)
        await queue.close()
    }

    // MARK: Redis

    private func startRedis(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        let redis = PrivateRedis(folder: settings.dataDirectory.appending(path: "redis"), logger: logger)
        if await redis.isAnswering() {
            logger.notice("using the private Redis that runs already", metadata: ["folder": "\(redis.folder.path)"])
            return
        }
        let server = try PrivateRedis.findServer()
        let arguments = try redis.arguments()
        group.addTask { [self] in
            try await keep("redis", alive: { try SupervisedProcess.start(server, arguments) }, isLast: true)
        }
        try await redis.waitUntilReady(within: .seconds(60))
    }

    // MARK: roles

    /// What every role finds in its environment: the settings of this process.
    private var environment: [String: String] {
        var environment = [
            ShutdownSignals.supervisorVariable: "3", Setting.dataDirectory.variable: settings.dataDirectory.path,
            Setting.pluginsDirectory.variable: settings.pluginsDirectory.path, Setting.python.variable: settings.python,
            Setting.redisURL.variable: settings.redis.text, Setting.logLevel.variable: settings.logLevel.rawValue,
            Setting.host.variable: settings.host, Setting.port.variable: String(settings.port),
            Setting.concurrency.variable: String(settings.concurrency),
            Setting.queues.variable: settings.queues.map(\.rawValue).joined(separator: ","),
        ]
        environment[Setting.ledgerDays.variable] = String(Int(settings.ledgerLimits.age / .seconds(86_400)))
        environment[Setting.ledgerTasks.variable] = String(settings.ledgerLimits.tasks)
        environment[Setting.ledgerMegabytes.variable] = String(settings.ledgerLimits.bytes >> 20)
        if let backend = settings.namedBackend { environment[Setting.backendURL.variable] = backend.text }
        environment.merge(settings.plugins.environment) { $1 }
        if let token = settings.adminToken { environment[Setting.adminToken.variable] = token }
        return environment
    }

    private func startRole(
        _ role: String, _ executable: String, _ ready: @escaping @Sendable (Int) -> Void
    ) throws -> SupervisedProcess {
        var environment = environment
        guard role == "api" else {
            return try SupervisedProcess.start(
                executable, [role], environment: environment, descriptors: [life.read])
        }
        var read: Int32 = -1, write: Int32 = -1
        guard cspawn_pipe(&read, &write) == 0 else { throw SupervisedProcess.StartFailure(description: "no pipe") }
        defer { _ = cspawn_close(write) }
        environment[APIRole.readyVariable] = "4"
        let process = try SupervisedProcess.start(
            executable, [role], environment: environment, descriptors: [life.read, write], turn: .prompt)
        let answer = read
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 16)
            let count = cspawn_read(answer, &bytes, bytes.count, 60_000)
            _ = cspawn_close(answer)
            let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            if let port = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) { ready(port) }
        }
        return process
    }

    // MARK: keeping alive

    /// Runs a process and starts it again when it dies, until the stop; then ends it, gently first.
    private func keep(
        _ name: String, alive start: @Sendable () throws -> SupervisedProcess, isLast: Bool = false
    ) async throws {
        var failures = 0
        while !stopping.isOpen {
            let began = ContinuousClock.now
            let process = try start()
            logger.debug("started", metadata: ["role": "\(name)", "pid": "\(process.pid)"])
            let exit = await withTaskGroup(of: cspawn_exit?.self) { group in
                group.addTask { await process.exit() }
                group.addTask { [self] in
                    await end(process, isLast: isLast)
                    return nil
                }
                var exit: cspawn_exit?
                for await result in group where result != nil {
                    exit = result
                    group.cancelAll()
                }
                return exit
            }
            if stopping.isOpen { return }
            failures = began.duration(to: .now) > .seconds(10) ? 0 : failures + 1
            logger.error(
                "a process ended; starting it again",
                metadata: ["role": "\(name)", "reason": "\(exit?.reason ?? "unknown")"])
            // At once after a first death; a process that cannot live must not spin.
            let pause = failures <= 1 ? Duration.milliseconds(50) : .milliseconds(250 * min(failures, 20))
            try await Task.sleep(for: pause)
        }
    }

    /// Waits for the stop, then asks the process to end, and makes it end when it does not.
    private func end(_ process: SupervisedProcess, isLast: Bool) async {
        await stopping.wait(forAll: isLast)
        guard !Task.isCancelled else { return }
        process.send(SIGTERM)
        // A worker's own grace is shorter.
        try? await Task.sleep(for: .seconds(40))  // cancelled as soon as the process has ended
        if !Task.isCancelled { process.send(SIGKILL) }
    }
}
