import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Synchronization
import Testing

@testable import Skirret

@Suite("Wake-up of idle workers", .timeLimit(.minutes(1))) struct WakeUpTests {
    static let double = TaskDefinition("test.double") { (x: Int) in x * 2 }

    private func listeners(_ queue: TaskQueue, _ list: String) async throws -> Int {
        try await queue.redis.send("PUBSUB", "NUMSUB", .init(queue.keys.wake(list))).array?.last?.int ?? 0
    }

    @Test func `a worker listens to the lists that it does not block on, and to no others`() async throws {
        try await withQueue { queue in
            let low = "\u{06}\u{16}9"
            try await withWorker(queue, tasks: [Self.double.registered], configure: { $0.queues = ["a", "b", "c"] }) {
                try await until { try await listeners(queue, "c") == 1 }
                for list in ["a" + low, "b" + low, "c" + low] { #expect(try await listeners(queue, list) == 1) }
                for list in ["a", "b"] { #expect(try await listeners(queue, list) == 0, "\(list) is blocked on") }
                let handles = [
                    try await Self.double.call(1, on: queue, .queue("c")),
                    try await Self.double.call(1, on: queue, .queue("a"), .priority(9)),
                    try await Self.double.call(1, on: queue, .queue("b")),
                ]
                for handle in handles { #expect(try await handle.result(within: .seconds(20)) == 2) }
            }
        }
    }

    @Test func `a queue that moves up is blocked on instead of listened to`() async throws {
        try await withQueue { queue in
            let worker = FleetWorker(queue.url, name: "w@host", tasks: [Self.double.registered]) {
                $0.queues = ["a", "b", "c"]
            }
            try await withFleet([worker]) {
                try await until { try await listeners(queue, "c") == 1 }
                worker.worker.cancelQueue("a")
                try await until { try await listeners(queue, "c") == 0 }
                let handle = try await Self.double.call(2, on: queue, .queue("c"))
                #expect(try await handle.result(within: .seconds(20)) == 4)
            }
        }
    }

    @Test func `an enqueued message is told of on its list's channel, a scheduled one to all`() async throws {
        try await withQueue { queue in
            let list = queue.keys.queue("celery", priority: 3)
            let channels = [queue.keys.wake, queue.keys.wake(list)]
            try await queue.subscriber.withSubscription(channels: channels) { pushes in
                var pushes = pushes.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                try await queue.send("t", options: CallOptions([.priority(3)]))
                #expect(try await pushes.next() == .message(channel: channels[1], payload: Array("queued".utf8)))
                try await queue.send(many: [TaskCall("t", options: CallOptions([.priority(3)]))])
                #expect(try await pushes.next() == .message(channel: channels[1], payload: Array("queued".utf8)))
                try await queue.send("t", options: CallOptions([.countdown(.seconds(60))]))
                #expect(try await pushes.next() == .message(channel: channels[0], payload: Array("scheduled".utf8)))
            }
        }
    }

    @Test func `of scheduled messages only one that is due before all others is told of`() async throws {
        try await withQueue { queue in
            func options(_ seconds: Int) -> CallOptions { CallOptions([.countdown(.seconds(seconds))]) }
            try await queue.subscriber.withSubscription(channels: [queue.keys.wake]) { pushes in
                var pushes = pushes.makeAsyncIterator()
                #expect(try await pushes.next() == .subscribed)
                try await queue.send("t", options: options(100))
                #expect(try await pushes.next() == .message(channel: queue.keys.wake, payload: Array("scheduled".utf8)))
                try await queue.send("t", options: options(200))
                try await queue.send(many: [TaskCall("t", options: options(300))])
                // Had those been told of, it would be heard before this.
                try await queue.redis.send("PUBLISH", .init(queue.keys.wake), .init("last"))
                #expect(try await pushes.next() == .message(channel: queue.keys.wake, payload: Array("last".utf8)))
                try await queue.send("t", options: options(50))
                #expect(try await pushes.next() == .message(channel: queue.keys.wake, payload: Array("scheduled".utf8)))
                try await queue.send(many: [TaskCall("t", options: options(20))])
                #expect(try await pushes.next() == .message(channel: queue.keys.wake, payload: Array("scheduled".utf8)))
            }
        }
    }

    @Test func `an idle worker whose connections were cut takes the next message`() async throws {
        try await ThrowawayRedis.withServer { url in
            try await FaultProxy.withProxy(to: url) { proxy in
                let queue = TaskQueue(url, logger: quiet)
                let worker = FleetWorker(proxy.url, name: "w@host", tasks: [Self.double.registered])
                try await withFleet([worker]) {
                    for round in 1...5 {
                        proxy.cut()
                        let handle = try await Self.double.delay(round, on: queue)
                        #expect(try await handle.result(within: .seconds(20)) == round * 2)
                    }
                }
                await queue.close()
            }
        }
    }

    @Test func `a queue is declared once, and again on a new connection`() async throws {
        try await ThrowawayRedis.withServer { url in
            try await FaultProxy.withProxy(to: url) { proxy in
                let queue = TaskQueue(proxy.url, logger: quiet)
                let binding = RedisArgument(queue.keys.binding("celery"))
                for _ in 0..<3 { try await queue.send("t") }
                #expect(try await queue.redis.send("SCARD", binding).int == 1)
                try await queue.redis.send("DEL", binding)
                try await queue.send("t")
                #expect(try await queue.redis.send("SCARD", binding).int == 0, "not with each message")
                proxy.cut()
                try await until { (try? await queue.redis.send("PING")) != nil && queue.redis.connectionCount == 2 }
                try await queue.send("t")
                #expect(try await queue.redis.send("SCARD", binding).int == 1)
                await queue.close()
            }
        }
    }

    @Test func `commands may be sent from the connection's own thread`() async throws {
        try await withQueue { queue in
            let ids = try await withTaskExecutorPreference(queue.redis.executor) {
                try await withThrowingTaskGroup(of: TaskID.self) { group in
                    for _ in 0..<50 { group.addTask { try await queue.send("t") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            #expect(Set(ids).count == 50)
            #expect(try await queue.redis.send("LLEN", "celery").int == 50)
        }
    }
}
