import Foundation
import Skirret
import SkirretRedis
import Synchronization
import Testing

@testable import API

@Suite("Plugin signals", .timeLimit(.minutes(1))) struct PluginSignalTests {
    @Test func `a stop reaches every process that runs plugins, and waits for all of them`() async throws {
        try await APIFixture.withServices { fixture in
            let stopped = try await fixture.withPluginProcess(count: 3) {
                let answer = try await signals(of: fixture).stop("one", reason: "disable", within: .seconds(20))
                #expect(answer.ran && answer.isComplete)
            }
            #expect(stopped == Array(repeating: "one disable", count: 3))
            #expect(try await fixture.services.redis.send("DBSIZE").int == 0, "answers that were read are gone")
        }
    }

    @Test func `nobody who hears is nobody to wait for`() async throws {
        try await APIFixture.withServices { fixture in
            let answer = try await signals(of: fixture).stop("one", reason: "disable", within: .seconds(60))
            #expect(!answer.ran && answer.isComplete)
        }
    }

    @Test func `a process that does not answer is waited for no longer than said`() async throws {
        try await APIFixture.withServices { fixture in
            let stopped = try await fixture.withPluginProcess(answers: false) {
                let answer = try await signals(of: fixture).stop("one", reason: "reload", within: .milliseconds(50))
                #expect(!answer.ran && !answer.isComplete)
            }
            #expect(stopped == ["one reload"])
        }
    }

    @Test func `who listens is told to look first, and when something may have changed`() async throws {
        try await APIFixture.withServices { fixture in
            let queue = TaskQueue(fixture.url, logger: APIFixture.logger)
            let (heard, tell) = AsyncStream<PluginSignals.Signal>.makeStream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let signals = PluginSignals(redis: queue.redis, subscriber: queue.subscriber)
                    try? await signals.listen { tell.yield($0) }  // ends by cancellation
                }
                var iterator = heard.makeAsyncIterator()
                #expect(await iterator.next() == .look)
                try await signals(of: fixture).look()
                #expect(await iterator.next() == .look)
                _ = try await fixture.services.redis.send("PUBLISH", "skirret:plugins:signals", "no signal")
                _ = try await fixture.services.redis.send(
                    "PUBLISH", "skirret:plugins:signals",
                    #"{"do":"stop","plugin":"one","reason":"delete","reply":"r"}"#)
                #expect(await iterator.next() == .stop(plugin: "one", reason: "delete", reply: "r"))
                group.cancelAll()
            }
            await queue.close()
        }
    }

    private func signals(of fixture: APIFixture) -> PluginSignals {
        PluginSignals(redis: fixture.services.redis, subscriber: fixture.services.queue.subscriber)
    }
}
