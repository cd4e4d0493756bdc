import CeleryProtocol
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

@Suite("Listening for a result", .timeLimit(.minutes(1))) struct ResultListenerTests {
    @Test func `the subscription is there before anybody waits, so that a task may be sent meanwhile`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let id = TaskID.random()
            let told = TaskResult(taskID: id, state: .success, result: "heard").encoded()
            let result = try await queue.listening(for: id) { listener in
                // Published and not stored. Redis says how many have heard it, which is nobody until it knows of us.
                while try await queue.redis.send("PUBLISH", .init(queue.keys.result(id)), .init(told)).int == 0 {}
                return try await listener.result(within: .seconds(10))
            }
            #expect(result.result == "heard")
            await queue.close()
        }
    }

    @Test func `a result that was stored before is found`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let id = TaskID.random()
            let stored = TaskResult(taskID: id, state: .success, result: "stored").encoded()
            _ = try await queue.redis.send("SET", .init(queue.keys.result(id)), .init(stored))
            let result = try await queue.listening(for: id) { try await $0.result(within: .seconds(10)) }
            #expect(result.result == "stored")
            await queue.close()
        }
    }
}
