import Catalog
import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import Synchronization

/// How long the API's list of streams takes while a refresh runs beside it, and while none does.
///
/// Of a whole server: API, worker and Redis are processes of their own, and the refreshes are tasks.
struct ReaderBench {
    /// Milliseconds each.
    struct Figures {
        let idle: [Double]
        let busy: [Double]

        static let header = ["READERS", "REQUESTS", "P50 ms", "P95 ms", "P99 ms"]
        /// How many times slower at the most.
        private static let most = 1.5

        var rows: [[String]] {
            [("alone", idle), ("during refreshes", busy)].map { name, times in
                [name, String(times.count)] + [0.5, 0.95, 0.99].map { String(format: "%.2f", quantile(times, $0)) }
            }
        }

        var bar: IngestBar {
            let ratio = quantile(busy, 0.95) / quantile(idle, 0.95)
            return IngestBar(
                what: "readers, p95, times alone", wanted: "≤ \(Self.most)", reading: ratio, isMet: ratio <= Self.most)
        }

        var json: JSONValue {
            func figures(_ times: [Double]) -> JSONValue {
                [
                    "requests": .int(times.count), "p50_ms": .double(quantile(times)),
                    "p95_ms": .double(quantile(times, 0.95)), "p99_ms": .double(quantile(times, 0.99)),
                ]
            }
            return ["what": "readers", "alone": figures(idle), "during": figures(busy), "bars": [bar.json]]
        }
    }

    private let bench: IngestBench
    private static let rounds = 400
    private static let patience = Duration.seconds(300)

    init(_ bench: IngestBench) { self.bench = bench }

    func run() async throws -> Figures {
        let folder = bench.folder.appending(path: "readers")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let files = ["one.m3u", "two.m3u"].map { folder.appending(path: $0).path }
        bench.tell("making playlists for the readers")
        try SampleFeeds.writePlaylist(entries: bench.plan.entries, to: files[0])
        try SampleFeeds.writePlaylist(entries: bench.plan.entries, changed: 10, to: files[1])
        let data = folder.appending(path: "data")
        let port = try freePort()
        let server = try BenchProcess.start(
            "/proc/self/exe",
            ["serve", "--data-dir", data.path, "--port", String(port), "--safe-mode", "--log-level", "error"],
            in: URL(filePath: FileManager.default.currentDirectoryPath), leavings: bench.folder)
        do {
            try await server.isListening(on: port)
            let figures = try await measure(port, data, files)
            await server.stop()
            return figures
        } catch {
            await server.stop()
            throw error
        }
    }

    private func measure(_ port: Int, _ data: URL, _ files: [String]) async throws -> Figures {
        let token = try String(contentsOf: data.appending(path: "admin-token"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let catalog = try await CatalogDatabase(
            path: data.appending(path: "skirret.db").path, checksIntegrity: false)
        let queue = TaskQueue(PrivateRedis.url(in: data), name: "bench")
        let account = try await catalog.m3uAccounts.create(M3UAccountDraft(name: "Bench", filePath: files[0])).id
        let question = HTTPProbe.question("/api/channels/streams/?limit=50", token: token)
        bench.tell("the first refresh of \(bench.plan.entries) entries, by a server")
        try await refresh(account, files[0], catalog, queue, port, token)
        bench.tell("readers alone")
        let idle = try await HTTPProbe.times(port: port, question, rounds: Self.rounds, warmUp: 50)
        bench.tell("readers during refreshes")
        var busy: [Double] = []
        var turn = 0
        while busy.count < Self.rounds {
            turn += 1
            let isOver = Mutex(false)
            async let times = HTTPProbe.times(port: port, question, warmUp: 0) { _ in !isOver.withLock { $0 } }
            do {
                try await refresh(account, files[turn % 2], catalog, queue, port, token)
                isOver.withLock { $0 = true }
            } catch {
                isOver.withLock { $0 = true }
                throw error
            }
            busy += try await times
        }
        await queue.close()
        try await catalog.close()
        return Figures(idle: idle, busy: busy)
    }

    /// Asks the server for a refresh, and waits for its result, which costs nothing of what is measured.
    private func refresh(
        _ account: Int, _ file: String, _ catalog: CatalogDatabase, _ queue: TaskQueue, _ port: Int, _ token: String
    ) async throws {
        try await catalog.m3uAccounts.update(account) { $0.filePath = file }
        try await catalog.m3uAccounts.report(account, message: "")
        let request = HTTPProbe.request("/api/m3u/refresh/\(account)/", token: token, body: "{}")
        for _ in 1...10 {
            let answer = try await HTTPProbe.answer(port: port, request)
            guard let id = try JSONValue(parsing: answer)["task_id"]?.string else {
                throw BenchFailure("a refresh without a task: \(String(decoding: answer, as: UTF8.self))")
            }
            let result = try await queue.result(of: TaskID(rawValue: id), within: Self.patience)
            let row = try await catalog.m3uAccounts.find(account)
            let message = row?.lastMessage ?? ""
            // No message: the task before was still at its last words, and took the request for its own.
            if row?.status == .success, !message.isEmpty { return }
            guard message.isEmpty else { throw BenchFailure("the refresh failed: \(message), \(result)") }
        }
        throw BenchFailure("the refresh did not begin")
    }
}
