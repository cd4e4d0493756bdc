import Foundation
import Skirret
import SkirretRedis

/// Celery itself, from PyPI, doing the same work with its usual settings and late acknowledgement.
struct CeleryPeer {
    /// A Python with `celery[redis]`.
    let python: String
    let redis: BenchRedis

    struct Figures {
        var delay = Double.nan
        var drain = Double.nan
        var latency: [Double] = []
        var idleMegabytes = Double.nan
        var idleCommands = Double.nan
        var connections = Double.nan
    }

    private static let app = """
        import os, sys, time
        from celery import Celery
        app = Celery("bench", broker=os.environ["BENCH_REDIS"], backend=os.environ["BENCH_REDIS"])
        app.conf.update(task_acks_late=True, task_default_queue="bench", broker_connection_retry_on_startup=True)
        @app.task(name="samples.nothing")
        def nothing(): return None
        @app.task(name="samples.clock")
        def clock(): return time.monotonic_ns()
        if __name__ == "__main__":
            kind, count = sys.argv[1], int(sys.argv[2])
            if kind == "delay":
                nothing.delay()
                began = time.monotonic()
                for _ in range(count): nothing.delay()
                print(count / (time.monotonic() - began))
            else:
                clock.delay().get(timeout=30)
                for _ in range(count):
                    time.sleep(0.005)
                    began = time.monotonic_ns()
                    print((clock.delay().get(timeout=30) - began) / 1000)
        """

    /// Runs everything once.
    func measure(tasks: Int, rounds: Int) async throws -> Figures {
        let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a left-over in the temporary folder harms nobody
        try Self.app.write(to: folder.appending(path: "bench_peer.py"), atomically: true, encoding: .utf8)
        var figures = Figures()
        let proxy = try RecordingProxy(target: redis.port)
        defer { proxy.close() }

        try await redis.flush()
        figures.delay = quantile(try await run(folder, ["delay", String(tasks)], port: redis.port))

        let worker = try start(folder, port: redis.port)
        figures.drain = try await drainRate(of: redis, tasks: tasks)
        figures.latency = try await run(folder, ["latency", String(rounds)], port: redis.port)
        await stop(worker)

        try await redis.flush()
        let idle = try start(folder, port: proxy.port)
        try await Task.sleep(for: .seconds(8))
        let before = proxy.commandCount
        try await Task.sleep(for: .seconds(10))
        figures.idleCommands = Double(proxy.commandCount - before) / 10
        figures.connections = Double(proxy.connectionCount)
        figures.idleMegabytes = Self.residentMegabytes(ofGroup: idle.processIdentifier)
        await stop(idle)
        return figures
    }

    private func start(_ folder: URL, port: Int) throws -> Process {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return try process(
            folder, port: port,
            [
                "-m", "celery", "-A", "bench_peer", "worker", "-c", String(cores), "-l", "CRITICAL", "-n",
                "peer@localhost",
            ])
    }

    private func stop(_ worker: Process) async {
        worker.terminate()
        let end = ContinuousClock.now + .seconds(10)
        while worker.isRunning, .now < end { try? await Task.sleep(for: .milliseconds(50)) }  // cancelled: at once
        if worker.isRunning { kill(worker.processIdentifier, SIGKILL) }
    }

    /// Lines of numbers that the app prints.
    private func run(_ folder: URL, _ arguments: [String], port: Int) async throws -> [Double] {
        let file = folder.appending(path: "figures")
        try Data().write(to: file)
        let app = try process(
            folder, port: port, ["bench_peer.py"] + arguments, output: FileHandle(forWritingTo: file))
        while app.isRunning { try await Task.sleep(for: .milliseconds(50)) }
        let text = try String(contentsOf: file, encoding: .utf8)
        let numbers = text.split(whereSeparator: \.isNewline).compactMap { Double($0) }
        guard !numbers.isEmpty else {
            throw BenchFailure("\(python) printed no figures: does it have the package celery[redis]?")
        }
        return numbers
    }

    private func process(_ folder: URL, port: Int, _ arguments: [String], output: FileHandle? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["BENCH_REDIS": "redis://127.0.0.1:\(port)/0", "C_FORCE_ROOT": "1"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output ?? FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runGuarded()
        return process
    }

    /// A prefork worker is a parent and its children.
    private static func residentMegabytes(ofGroup parent: Int32) -> Double {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []  // not on every system
        return processes.compactMap(Int32.init).filter { pid in
            guard pid != parent else { return true }
            let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""  // gone meanwhile
            return stat.split(separator: ")").last?.split(separator: " ").dropFirst().first == "\(parent)"
        }.map { pid in
            let statm = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""  // gone meanwhile
            return (statm.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) * 4096 / 1_048_576
        }.reduce(0, +)
    }
}

/// Tasks a second from the first that leaves the queue to the last that is acknowledged.
func drainRate(of redis: BenchRedis, tasks: Int, leaving rest: Int = 0) async throws -> Double {
    let full = try await redis.waiting()
    let end = ContinuousClock.now + .seconds(300)
    var began: ContinuousClock.Instant?
    while true {
        let left = try await redis.unfinished()
        if began == nil, left < full { began = .now }
        if let began, left <= rest { return Double(full - rest) / began.duration(to: .now).seconds }
        guard .now < end else { throw BenchFailure("\(left) of \(full) tasks were left after 300 s") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
