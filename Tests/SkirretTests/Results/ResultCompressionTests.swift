import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

/// Results stored as Celery's `result_compression` stores them.
@Suite("Result compression", .timeLimit(.minutes(1))) struct ResultCompressionTests {
    private let echo = TaskDefinition("samples.echo") { (text: String) in text }
    private let joined = TaskDefinition("samples.joined") { (all: [String]) in all.joined() }
    private let failing = TaskDefinition("samples.failing") { (text: String) -> String in
        throw TaskFailure.builtin("ValueError", text)
    }
    private let text = String(repeating: "many the same ", count: 1000)

    private func compressing(hasOwnBackend: Bool, _ body: (TaskQueue) async throws -> Void) async throws {
        try await ThrowawayRedis.withServer { url in
            var backend = url
            backend.database = 1
            let queue = TaskQueue(
                url, backend: hasOwnBackend ? backend : nil, resultCompression: .gzip, logger: quiet)
            let tasks = [echo.registered, joined.registered, failing.registered]
            try await withWorker(queue, tasks: tasks) { try await body(queue) }
            await queue.close()
        }
    }

    @Test(arguments: [false, true])
    func `every result is compressed, and read by whoever waits`(hasOwnBackend: Bool) async throws {
        try await compressing(hasOwnBackend: hasOwnBackend) { queue in
            let plain = try await echo.delay(text, on: queue)
            #expect(try await plain.result(within: .seconds(10)) == text)
            let canvas = try await chord([echo.s("a"), echo.s("b")], then: joined.s()).delay(on: queue)
            #expect(try await canvas.result(within: .seconds(10)) == "ab")
            let failed = try await failing.delay("boom", on: queue)
            let result = try await queue.result(of: failed.id, within: .seconds(10))
            #expect(result.failure?.excType == "ValueError")
            let revoked = try await echo.call("late", on: queue, .countdown(.seconds(60)))
            try await queue.revoke([revoked.id])
            #expect(try await queue.result(of: revoked.id, within: .seconds(10)).state == .revoked)
            let keys = try await queue.backend.send("KEYS", "celery-task-meta-*").array?.compactMap(\.string) ?? []
            #expect(keys.count == 6)
            for key in keys {
                let stored = try await queue.backend.send("GET", .init(key)).bytes ?? []
                #expect(stored.starts(with: "\0celery-compressed\0".utf8))
                #expect(stored.count < 400)
            }
        }
    }

    @Test(.enabled(if: PythonWorker.executable != nil))
    func `Celery reads them`() async throws {
        try await compressing(hasOwnBackend: false) { queue in
            let handle = try await echo.delay(text, on: queue)
            _ = try await handle.result(within: .seconds(10))
            let code = """
                import sys
                from celery import Celery
                result = Celery(broker=sys.argv[1], backend=sys.argv[1]).AsyncResult(sys.argv[2])
                sys.exit(0 if result.get(timeout=5) == "many the same " * 1000 else 3)
                """
            let status = try await PythonWorker.run(code, queue.url.celeryText, handle.id.rawValue)
            #expect(status == 0)
        }
    }
}
