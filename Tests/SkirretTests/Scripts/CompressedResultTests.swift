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
            #expect(try await bench.finish("", task: "a", results: [("r", Self.success, 60)]) == 1)
            #expect(try await bytes(bench, "r") == (stays ? before : Array(Self.success.utf8)))
        }
    }

    @Test func `where nobody can read the state, only a success is put over it`() async throws {
        try await ScriptBench.run { bench in
            let before = Array("\0celery-compressed\0application/x-bz2\0BZ".utf8)
            try await bench.redis.send("SET", "r", .init(before))
            #expect(try await bench.finish("", task: "a", results: [("r", Self.failure, 60)]) == 1)
            #expect(try await bytes(bench, "r") == before)
            let success = ResultPayload.compressed(Array(Self.success.utf8))
            _ = try await bench.redis.run(Scripts.store, keys: ["r"], arguments: [60, .init(success)])
            #expect(try await bytes(bench, "r") == success)
        }
    }
}
