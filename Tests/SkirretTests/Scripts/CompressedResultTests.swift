import CeleryProtocol
import Foundation
import SkirretRedis
import Testing

@testable import Skirret

/// What scripts make of results that Celery's `result_compression` stored: a SUCCESS stays, whatever comes later.
@Suite("Script: compressed results", .serialized) struct CompressedResultTests {
    private static let failure = #"{"status": "FAILURE", "result": null}"#
    private static let success = #"{"status": "SUCCESS", "result": "new"}"#

    /// A result as Celery and as this library lay it out, of several sizes: short ones make zlib choose its fixed code.
    private static func stored(_ state: String) -> [[UInt8]] {
        let long = (0..<300).map { "\($0 * $0)" }.joined(separator: " SUCCESS ")
        return ["1", "{\"status\": \"SUCCESS\"}", "\"\(long)\""].flatMap { result in
            [
                "{\"status\": \"\(state)\", \"result\": \(result), \"task_id\": \"a\"}",
                "{\"status\":\"\(state)\",\"result\":\(result),\"task_id\":\"a\"}",
            ].map { ResultPayload.compressed(Array($0.utf8)) }
        }
    }

    private func bytes(_ bench: ScriptBench, _ key: RedisArgument) async throws -> [UInt8]? {
        try await bench.redis.send("GET", key).bytes
    }

    @Test(arguments: [("SUCCESS", true), ("RETRY", false), ("FAILURE", false), ("STARTED", false)])
    func `only a success stays`(state: String, stays: Bool) async throws {
        try await ScriptBench.run { bench in
            for before in Self.stored(state) {
                let wanted = stays ? before : Array(Self.failure.utf8)
                try await bench.redis.send("MSET", "r", .init(before), "result-a", .init(before))
                #expect(try await bench.finish("", task: "a", results: [("r", Self.failure, 60)]) == 1)
                #expect(try await bench.settle([("", "a", Self.failure)]) == [1])
                #expect(try await bytes(bench, "r") == wanted)
                #expect(try await bytes(bench, "result-a") == wanted)
                try await bench.redis.send("MSET", "r", .init(before), "s", .init(before))
                let count = try await bench.redis.run(Scripts.store, keys: ["r"], arguments: [60, .init(Self.failure)])
                #expect(count.int == (stays ? 0 : 1))
                _ = try await bench.redis.run(
                    Scripts.report, keys: ["leases", "s", "unacked"], arguments: ["", .init(Self.failure), 60, "1"])
                #expect(try await bytes(bench, "r") == wanted)
                #expect(try await bytes(bench, "s") == wanted)
            }
        }
    }

    @Test(arguments: [
        // zlib.compress(b'{"status": "SUCCESS", "result": 5, "task_id": "1"}', 0): not compressed at all
        ("eAEBMgDN/3sic3RhdHVzIjogIlNVQ0NFU1MiLCAicmVzdWx0IjogNSwgInRhc2tfaWQiOiAiMSJ9gwcOlA==", true),
        ("eAEBMgDN/3sic3RhdHVzIjogIlNUQVJURUQiLCAicmVzdWx0IjogNSwgInRhc2tfaWQiOiAiMSJ9gvcOkg==", false),
        ("", false), ("eA==", false), ("eJyr", false), ("//////////////////////8=", false),
    ])
    func `streams of other makes, and no streams`(base64: String, stays: Bool) async throws {
        try await ScriptBench.run { bench in
            let mark = Array("\0celery-compressed\0application/x-gzip\0".utf8)
            let before = mark + [UInt8](try #require(Data(base64Encoded: base64)))
            try await bench.redis.send("SET", "r", .init(before))
            // What cannot be read is answered as a doubt.
            _ = try await bench.finish("", task: "a", results: [("r", Self.success, 60)])
            #expect(try await bytes(bench, "r") == (stays ? before : Array(Self.success.utf8)))
        }
    }

    /// A result as Python's bz2 and lzma leave it: state, content type, library, and the stream.
    private static let foreign: [(state: TaskState, type: String, library: String, stream: String)] = [
        (
            .success, "application/x-bz2", "libbz2.so.1.0",
            "QlpoOTFBWSZTWYSGf9MAADUfgFAEABAKAAoKvm2eCiAASIyiNDQ9TZRiART2lM1Gj1PUMmmmmikUJBElue7V50QelHu6wIDURWwh"
                + "m+u2PlaMZcRPiyVSa+7EcLCql9K+TJ2TOxiLhdRLMG5Jp/DAu5IpwoSEJDP+mA=="
        ),
        (
            .success, "application/x-lzma", "liblzma.so.5",
            "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ABrAFtdAD2IimeDedC9xyja3QGpgQBMNYbAMayturrCdBsQObpenOsIGrZuahMfpbB4"
                + "yDzrfHUKklt+6lNDcJywo4ODzroLVPsn8TsvNQlqDVuovZb8BQq7WAVhY7GhnwAAANzdC88NA0KSAAF3bGl3/AQftvN9AQAAAAAEWVo="
        ),
        (
            .started, "application/x-bz2", "libbz2.so.1.0",
            "QlpoOTFBWSZTWVTcvCEAADUfgFAEABAmABwKvm2eCiAASIap6jTIDanlGmjQRT2lM1Mj1PUAGmRCQgDB4TqPO6cyI7Anq+1wM2UK"
                + "jNJ9NYe0XgQnE3onicL7iRwoO1L6dbmTYmdjEXCyE7wbkmFofi7kinChIKm5eEI="
        ),
        (
            .started, "application/x-lzma", "liblzma.so.5",
            "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ABrAFxdAD2IimeDedC9xyja3QGpgNx3lOrKzsWFEHRHZqwCOy2QcHWrf8nyslxV8nqk"
                + "evC6bnxC6ccbVbgrR473i56ckppQacc1BrXtV8fzdexAUySPxT1+PFKLwHhr8MsAAO9MITiOcUQ1AAF4bKZrZIMftvN9AQAAAAAEWVo="
        ),
    ]

    private static func isInstalled(_ library: String) -> Bool {
        guard let handle = dlopen(library, RTLD_NOW) else { return false }
        return dlclose(handle) == 0
    }

    @Test(arguments: foreign.indices, [false, true])
    func `a success that Python compressed stays, and anything else gives way`(
        index: Int, hasOwnBackend: Bool
    ) async throws {
        let (state, type, library, stream) = Self.foreign[index]
        guard Self.isInstalled(library) else { return print("skipped: \(library) is not installed") }
        let before = Array("\0celery-compressed\0\(type)\0".utf8) + [UInt8](try #require(Data(base64Encoded: stream)))
        try await withQueue(hasOwnBackend: hasOwnBackend) { queue in
            let settler = Settler(queue: queue, options: WorkerOptions(name: "w@h"), isStopping: { false })
            let id: TaskID = "a"
            let key = queue.keys.result(id)
            let results = [
                TaskResult.success(id, "new", at: Date()), .failure(id, .builtin("ValueError", "new"), at: Date()),
            ]
            for result in results {
                let wanted = state == .success ? before : result.encoded()
                try await queue.backend.send("SET", .init(key), .init(before))
                let settlement = Settlement(own: result, results: [.init(key: key, result: result)])
                // What nothing fences is settled once under its claim's name.
                let claim = DeliveryTag.random().rawValue
                #expect(try await settler.write(settlement, of: id, token: nil, claim: claim, single: nil))
                #expect(try await queue.backend.send("GET", .init(key)).bytes == wanted)

                try await queue.backend.send("SET", .init(key), .init(before))
                var run = Run(
                    claim: Claim(token: claim, list: "celery", message: [], claimedAt: .now),
                    message: TaskMessage(task: "t", id: id, args: [], kwargs: [:], queue: "celery"))
                run.token = nil
                let plain = PlainSettlement(
                    run: run, outcome: .succeeded("new"), runtime: .zero, result: result.encoded())
                #expect(try await settler.write([plain]) == [true])
                #expect(try await queue.backend.send("GET", .init(key)).bytes == wanted)
            }
        }
    }

    @Test func `what nobody reads at all gives way to a success only`() async throws {
        try await ScriptBench.run { bench in
            let before = Array("\0celery-compressed\0application/x-bz2\0BZ".utf8)
            try await bench.redis.send("SET", "r", .init(before))
            _ = try await bench.finish("", task: "a", results: [("r", Self.failure, 60)])
            #expect(try await bytes(bench, "r") == before)
            let success = ResultPayload.compressed(Array(Self.success.utf8))
            _ = try await bench.redis.run(Scripts.store, keys: ["r"], arguments: [60, .init(success)])
            #expect(try await bytes(bench, "r") == success)
        }
    }
}
