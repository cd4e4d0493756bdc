import CeleryProtocol
import Foundation
import SkirretRedis
import Testing

@testable import Skirret

/// What was given up can be looked at, mended and sent again.
@Suite("Dead letters", .timeLimit(.minutes(1))) struct DeadLetterTests {
    private let double = TaskDefinition("samples.double", parameters: ["x"]) { (x: Int) in x * 2 }

    /// Workers that die under a message three times make it a letter; here the host does, at once.
    private func bury(_ args: [JSONValue], on queue: TaskQueue) async throws -> DeadLetter {
        let id = try await queue.send("samples.double", args: args)
        let deadly = RegisteredTask(name: "samples.double") { _, _, _ in throw TaskHostCrash(reason: "signal 9") }
        try await withWorker(queue, tasks: [deadly]) {
            try await until { try await queue.deadLetters(limit: 10).contains { $0.task == id } }
        }
        return try #require(try await queue.deadLetters(limit: 10).first { $0.task == id })
    }

    @Test func `a letter tells who had it, why it is dead, and what it said`() async throws {
        try await withQueue { queue in
            let letter = try await bury([21], on: queue)
            #expect(letter.name == "samples.double" && letter.queue == "celery" && letter.worker == "test@host")
            #expect(letter.reason.contains("signal 9") && letter.crashes == 3)
            let message = try TaskMessage(decoding: letter.message)
            #expect(message.body.args == [21])
            let same = try await queue.deadLetter(letter.id)
            #expect(same?.message == letter.message && same?.at == letter.at)
            #expect(try await queue.deadLetter("nobody") == nil)
        }
    }

    @Test func `a replayed letter runs once, however often it is replayed`() async throws {
        try await withQueue { queue in
            let letter = try await bury([21], on: queue)
            #expect(try await queue.replay([letter]) == 1)
            #expect(try await queue.replay([letter]) == 0)
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
            #expect(try await queue.deadLetters(limit: 10).isEmpty)
            let task = try #require(letter.task)
            try await queue.forget(task)
            try await withWorker(queue, tasks: [double.registered]) {
                let result = try await queue.result(of: task, within: .seconds(10))
                #expect(result.result == 42)
            }
        }
    }

    @Test func `an edited letter says what it was told to say, on another queue`() async throws {
        try await withQueue { queue in
            let letter = try await bury(["no number"], on: queue)
            var edit = DeadLetterEdit()
            edit.args = [4]
            edit.queue = "mended"
            #expect(try await queue.replay([letter], changing: edit) == 1)
            let bytes = try #require(try await queue.redis.send("LINDEX", "mended", 0).bytes)
            let message = try TaskMessage(decoding: bytes)
            #expect(message.body.args == [4] && message.headers.argsRepr == "(4,)")
            #expect(message.properties.routingKey == "mended" && message.headers.id == letter.task)
        }
    }

    @Test func `filters choose, and what is discarded is gone`() async throws {
        try await withQueue { queue in
            let number = try await bury([1], on: queue).id
            _ = try await queue.redis.send("LPUSH", "celery", "no envelope")
            try await withWorker(queue, tasks: []) {
                try await until { try await queue.deadLetters(limit: 10).count == 2 }
            }
            let unread = try await queue.deadLetters(limit: 10, where: .init(reason: "not a Celery envelope"))
            #expect(unread.map(\.message) == [Array("no envelope".utf8)] && unread.first?.task == nil)
            let doubles = try await queue.deadLetters(limit: 10, where: .init(name: "samples.double"))
            #expect(doubles.map(\.id) == [number])
            #expect(try await queue.discard(deadLetters: unread.map(\.id)) == 1)
            let left = try await queue.deadLetters(limit: 10)
            #expect(left.map(\.id) == [number])
            #expect(try await queue.redis.send("HLEN", "skirret:dead:letters").int == 1)
        }
    }

    @Test func `letters of one cause have one fingerprint`() {
        func letter(_ reason: String) -> DeadLetter? {
            let about: JSONValue = ["name": "a.b", "reason": .string(reason)]
            return DeadLetter(id: "1", milliseconds: 0, stored: about.encoded() + Array("\n{}".utf8))
        }
        #expect(letter("pid 17 got signal 9")?.fingerprint == letter("pid 4242 got signal 9")?.fingerprint)
        #expect(letter("signal 9")?.fingerprint != letter("no memory left")?.fingerprint)
    }
}
