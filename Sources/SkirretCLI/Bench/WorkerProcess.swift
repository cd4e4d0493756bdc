import CSpawn
import Foundation

/// A worker of ours in a process of its own, as it runs in production.
struct WorkerProcess {
    static let name = "bench@localhost"
    private let process: SupervisedProcess
    private let guardian: BenchGuard

    /// Starts a worker and returns at once.
    ///
    /// - Parameters:
    ///   - port: Redis's port, or that of the proxy before it.
    ///   - concurrency: How many tasks it runs at a time.
    /// - Returns: The process.
    /// - Throws: When it cannot be started.
    static func start(port: Int, concurrency: Int) throws -> WorkerProcess {
        let process = try SupervisedProcess.start(
            "/proc/self/exe",
            [
                "worker", "--samples", "--redis", "redis://127.0.0.1:\(port)/0", "--queues", BenchRedis.queue,
                "--name", name, "--concurrency", String(concurrency), "--grace", "1", "--log-level", "warning",
                // No database there, so none of its plugins and refreshes.
                "--data-dir", "/nonexistent",
            ])
        let guardian = BenchGuard()
        try guardian.watch(process.pid)
        return WorkerProcess(process: process, guardian: guardian)
    }

    /// Megabytes of memory that are its own or in use.
    var residentMegabytes: Double {
        let text = (try? String(contentsOfFile: "/proc/\(process.pid)/statm", encoding: .utf8)) ?? ""  // gone: nothing
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? .nan
        return pages * Double(getpagesize()) / 1_048_576
    }

    /// Seconds of processor time it has used.
    var cpuSeconds: Double {
        let text = (try? String(contentsOfFile: "/proc/\(process.pid)/stat", encoding: .utf8)) ?? ""  // gone: nothing
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    func stop() async {
        process.send(SIGTERM)
        _ = await process.exit()
        guardian.dismiss()
    }
}
