import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

@Suite("Acknowledgement", .timeLimit(.minutes(1))) struct AcknowledgementTests {
    @Test func `an early acknowledged task leaves nothing to renew while it runs`() async throws {
        let gate = Doorbell()
        let early = TaskDefinition("samples.early", options: TaskOptions(acknowledgement: .early)) { (number: Int) in
            try await gate.wait(atMost: .seconds(20))
            return number
        }
        try await withQueue { queue in
            try await withWorker(queue, tasks: [early.registered], configure: { $0.heartbeat = .milliseconds(20) }) {
                let handle = try await early.delay(7, on: queue)
                // It runs without a lease, through many heartbeats.
                try await until {
                    try await queue.redis.send("HGET", "skirret:workers:about", "test@host").string?.contains("began")
                        == true
                }
                try await Task.sleep(for: .milliseconds(300))  // nothing can be waited for: nothing shall happen
                #expect(try await queue.redis.send("ZCARD", "skirret:leases").int == 0)
                gate.ring()
                #expect(try await handle.result(within: .seconds(10)) == 7)
            }
            #expect(try await leftovers(queue) == [])
        }
    }
}
