import CeleryProtocol
import Foundation

/// Measures an action from the request to its answer, beside Celery behind Django and a plain function call there.
struct ActionBench {
    let redis: BenchRedis
    let rounds: Int
    /// The Python of the peer, if it is wanted.
    let celery: String?

    /// Until every process has done what it does only once.
    private var warmUp: Int { max(50, rounds / 10) }

    private static let plugin = """
        class Plugin:
            name = "Bench"
            actions = [{"id": "nothing"}]
            def run(self, action, params, context):
                return {"status": "ok"}

        """

    /// The peer: one Django, one task, the same plugin.
    private static let peer = """
        import os, sys
        from celery import Celery
        sys.path.insert(0, os.environ["BENCH_PLUGIN"])
        from plugin import Plugin
        app = Celery("bench", broker=os.environ["BENCH_REDIS"], backend=os.environ["BENCH_REDIS"])
        app.conf.update(broker_connection_retry_on_startup=True)
        plugin = Plugin()
        @app.task(name="bench.action")
        def action(name, params): return plugin.run(name, params, {"settings": {}})
        if __name__ == "__main__":
            import json, socketserver
            from django.conf import settings
            settings.configure(
                ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", SECRET_KEY="bench",
                # It says how long an answer is, without which each would cost a connection.
                MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
            import django
            django.setup()
            from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
            from django.core.wsgi import get_wsgi_application
            from django.http import JsonResponse
            from django.urls import path
            def waited(request):
                body = json.loads(request.body)
                return JsonResponse({"result": action.delay(body["action"], body["params"]).get(timeout=30)})
            def called(request):
                body = json.loads(request.body)
                return JsonResponse({"result": action(body["action"], body["params"])})
            urlpatterns = [path("waited/", waited), path("called/", called)]
            class Handler(WSGIRequestHandler):
                disable_nagle_algorithm = True  # head and body go out apart: the client's late ACK would cost 40 ms
                def log_message(self, *args): pass
            server = ThreadedWSGIServer(("127.0.0.1", int(sys.argv[1])), Handler)
            server.set_app(get_wsgi_application())
            server.serve_forever()

        """

    /// Takes all readings.
    func run() async throws -> [Reading] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-bench-\(getpid())")
        let plugin = folder.appending(path: "plugins/bench")
        try FileManager.default.createDirectory(at: plugin, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // a left-over in the temporary folder harms nobody
        try Self.plugin.write(to: plugin.appending(path: "plugin.py"), atomically: true, encoding: .utf8)
        let ours = try await ownTimes(folder)
        var waited: [Double] = [], called: [Double] = []
        if let celery { (waited, called) = try await peerTimes(celery, folder, plugin) }
        return [("p50", 0.5), ("p99", 0.99)].map { name, share in
            Reading(
                what: "action, \(name)", unit: "ms", ours: quantile(ours, share),
                limit: celery == nil ? nil : quantile(called, share),
                celery: celery == nil ? nil : quantile(waited, share), isCost: true)
        }
    }

    private func ownTimes(_ folder: URL) async throws -> [Double] {
        try await redis.flush()
        let port = try freePort(), data = folder.appending(path: "data")
        let server = try start(
            "/proc/self/exe",
            [
                "serve", "--data-dir", data.path, "--plugins-dir", folder.appending(path: "plugins").path, "--port",
                String(port), "--redis-url", "redis://127.0.0.1:\(redis.port)/0", "--log-level", "error",
            ], in: FileManager.default.currentDirectoryPath)
        return try await ending(server) {
            try await listening(server, port)
            let token = try String(contentsOf: data.appending(path: "admin-token"), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let path = "/api/plugins/plugins"
            for (path, body) in [("\(path)/reload/", "{}"), ("\(path)/bench/enabled/", #"{"enabled":true}"#)] {
                _ = try await HTTPProbe.times(
                    port: port, HTTPProbe.request(path, token: token, body: body), rounds: 1, warmUp: 0)
            }
            let request = HTTPProbe.request(
                "\(path)/bench/run/", token: token, body: #"{"action":"nothing","params":{}}"#)
            return try await HTTPProbe.times(port: port, request, rounds: rounds, warmUp: warmUp)
        }
    }

    private func peerTimes(_ python: String, _ folder: URL, _ plugin: URL) async throws -> ([Double], [Double]) {
        try await redis.flush()
        try Self.peer.write(to: folder.appending(path: "bench_peer.py"), atomically: true, encoding: .utf8)
        let port = try freePort(), cores = ProcessInfo.processInfo.activeProcessorCount
        let variables = [
            "BENCH_REDIS": "redis://127.0.0.1:\(redis.port)/0", "BENCH_PLUGIN": plugin.path, "C_FORCE_ROOT": "1",
        ]
        let worker = try start(
            python, ["-m", "celery", "-A", "bench_peer", "worker", "-c", String(cores), "-l", "CRITICAL"],
            in: folder.path, variables)
        return try await ending(worker) {
            let server = try start(python, ["bench_peer.py", String(port)], in: folder.path, variables)
            return try await ending(server) {
                try await listening(server, port)
                func times(_ path: String) async throws -> [Double] {
                    try await HTTPProbe.times(
                        port: port,
                        HTTPProbe.request(path, body: #"{"action":"nothing","params":{}}"#),
                        rounds: rounds, warmUp: warmUp)
                }
                return (try await times("/waited/"), try await times("/called/"))
            }
        }
    }

    // MARK: processes

    private func start(
        _ program: String, _ arguments: [String], in folder: String, _ variables: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        // Ourselves by our real name: the child's /proc/self is another.
        process.executableURL = program == "/proc/self/exe" ? Bundle.main.executableURL : URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        // Celery's worker explains at length what it thinks of root.
        if !variables.isEmpty { process.standardError = FileHandle.nullDevice }
        try process.runGuarded()
        return process
    }

    private func ending<T>(_ process: Process, _ body: () async throws -> T) async throws -> T {
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        process.terminate()
        let end = ContinuousClock.now + .seconds(15)
        while process.isRunning, .now < end { try? await Task.sleep(for: .milliseconds(50)) }  // cancelled: at once
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        return try result.get()
    }

    private func listening(_ process: Process, _ port: Int) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            guard process.isRunning else {
                throw BenchFailure("\(process.executableURL?.path ?? "a server") ended: does it have what it needs?")
            }
            if (try? HTTPProbe(port: port)) != nil { return }  // not yet
            guard .now < end else { throw BenchFailure("nobody listens on port \(port) after 60 s") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
