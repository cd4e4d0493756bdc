import CSpawn
import CeleryProtocol
import Foundation
import Logging
import Skirret
import SkirretRedis

/// `skirret serve`: the private Redis and every role, each a process of its own that is started again when it dies.
final class Supervisor: Sendable {
    private let settings: Settings
    private let flags: [String]
    private let logger = Logger(label: "skirret.serve")
    /// End of file on its other end tells the children that we are gone.
    private let life: (read: Int32, write: Int32)
    private let stopping = Doorway()

    /// Prepares; nothing is started yet.
    ///
    /// `flags` go to the worker.
    init(_ settings: Settings, flags: [String]) throws {
        self.settings = settings
        self.flags = flags
        var read: Int32 = -1, write: Int32 = -1
        guard cspawn_pipe(&read, &write) == 0 else { throw SupervisedProcess.StartFailure(description: "no pipe") }
        life = (read, write)
    }

    /// Starts everything, tells when it is ready, and runs until told to stop: roles first, Redis last.
    func run(until signals: ShutdownSignals, ready: @escaping @Sendable (_ port: Int) -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if settings.namedRedis == nil { try await startRedis(&group) }
            let executable = try Self.executable()
            let roles = ["api", "worker", "beat"]
            for role in roles {
                group.addTask { [self] in
                    try await keep(role, alive: { [self] in try startRole(role, executable, ready) })
                    stopping.leave()
                }
            }
            stopping.expect(roles.count)
            group.addTask { [stopping] in
                await signals.first()
                stopping.open()
            }
            try await group.waitForAll()
        }
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

    private func startRole(
        _ role: String, _ executable: String, _ ready: @escaping @Sendable (Int) -> Void
    ) throws -> SupervisedProcess {
        var environment = [
            ShutdownSignals.supervisorVariable: "3", Setting.dataDirectory.variable: settings.dataDirectory.path,
            Setting.pluginsDirectory.variable: settings.pluginsDirectory.path, Setting.python.variable: settings.python,
            Setting.redisURL.variable: settings.redis.text, Setting.logLevel.variable: settings.logLevel.rawValue,
            Setting.host.variable: settings.host, Setting.port.variable: String(settings.port),
            Setting.concurrency.variable: String(settings.concurrency),
            Setting.queues.variable: settings.queues.map(\.rawValue).joined(separator: ","),
        ]
        if let token = settings.adminToken { environment[Setting.adminToken.variable] = token }
        guard role == "api" else {
            return try SupervisedProcess.start(
                executable, [role] + flags(for: role), environment: environment, descriptors: [life.read])
        }
        var read: Int32 = -1, write: Int32 = -1
        guard cspawn_pipe(&read, &write) == 0 else { throw SupervisedProcess.StartFailure(description: "no pipe") }
        defer { _ = cspawn_close(write) }
        environment[APIRole.readyVariable] = "4"
        let process = try SupervisedProcess.start(
            executable, [role], environment: environment, descriptors: [life.read, write])
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

    private func flags(for role: String) -> [String] { role == "worker" ? flags : [] }

    private static func executable() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
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
