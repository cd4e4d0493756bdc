import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

/// Settlements whose answer gets lost on the way.
@Suite("Settler", .serialized, .timeLimit(.minutes(1))) struct SettlerTests {
    /// Runs `call` so that Redis executes it and its connection is cut before the answer is sent.
    ///
    /// Redis serves what came together in the order of its coming: a sleep, our call, and the cut.
    private func losingTheAnswer<Value: Sendable>(
        of queue: TaskQueue, _ call: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let sleeper = RedisClient(queue.url, logger: quiet), cutter = RedisClient(queue.url, logger: quiet)
        for client in [sleeper, cutter, queue.redis] { try await client.send("PING") }
        let id = try await queue.redis.send("CLIENT", "ID").int ?? 0
        async let asleep = sleeper.send("DEBUG", "SLEEP", "0.4")
        try await Task.sleep(for: .milliseconds(100))  // the order of the three is the fault
        async let value = call()
        try await Task.sleep(for: .milliseconds(100))
        let cut = try await cutter.send("CLIENT", "KILL", "ID", .init(id)).int
        #expect(cut == 1)
        _ = try await asleep
        let result = try await value
        await sleeper.close()
        await cutter.close()
        return result
    }

    private func claimed(_ body: (TaskQueue, Settler, Claim) async throws -> Void) async throws {
        try await withQueue { queue in
            let options = WorkerOptions(name: "w@h")
            let settler = Settler(queue: queue, options: options, isStopping: { false })
            _ = try await queue.send("t", options: .init())
            var claimer = Claimer(queue: queue, options: options, consumed: ConsumedQueues(options.queues))
            let claim = try #require(try await claimer.claim(most: 1).first)
            // Loads the scripts, so that each call below is one round trip.
            _ = try await settler.write(Settlement(), of: "other", token: "stale", claim: "stale", single: nil)
            _ = try await settler.restore(["stale"], why: .stopping, detail: "")
            try await body(queue, settler, claim)
        }
    }

    @Test func `a settlement that got through is known to have got through`() async throws {
        try await claimed { queue, settler, claim in
            let isWritten = try await losingTheAnswer(of: queue) {
                try await settler.write(
                    Settlement(isFinal: false), of: "a", token: claim.token, claim: claim.token, single: nil)
            }
            #expect(isWritten)
            #expect(try await queue.redis.send("EXISTS", "unacked", "skirret:leases").int == 0)
            // Without a lost answer the same token is simply stale.
            let again = try await settler.write(
                Settlement(), of: "a", token: claim.token, claim: claim.token, single: nil)
            #expect(!again)
        }
    }

    @Test func `what follows a run that nothing fences is sent once, though its answer was lost`() async throws {
        try await claimed { queue, settler, claim in
            let next = Settlement.FollowUp(list: "next", id: "n", due: .now, message: Array("message".utf8))
            // As after an early acknowledgement: there is no token any more.
            let isWritten = try await losingTheAnswer(of: queue) {
                try await settler.write(
                    Settlement(followUps: [next]), of: "a", token: nil, claim: claim.token, single: nil)
            }
            #expect(isWritten)
            #expect(try await queue.redis.send("LLEN", "next").int == 1)
            // The next run of the same task is another one.
            _ = try await settler.write(
                Settlement(followUps: [next]), of: "a", token: nil, claim: "another", single: nil)
            #expect(try await queue.redis.send("LLEN", "next").int == 2)
        }
    }

    @Test func `a message that was given back is given back once`() async throws {
        try await claimed { queue, settler, claim in
            _ = try await losingTheAnswer(of: queue) {
                try await settler.restore([claim.token], why: .crashed, detail: "")
            }
            // After so young a death it waits for a moment first.
            #expect(try await queue.redis.send("ZCARD", .init(queue.keys.scheduled)).int == 1)
            #expect(try await queue.redis.send("HVALS", "skirret:crashes").array?.compactMap(\.string) == ["1"])
        }
    }
}
