import CeleryProtocol
import Skirret
import SkirretRedis
import Testing

@Suite("Queue pause", .timeLimit(.minutes(2))) struct PauseTests {
    let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }

    @Test func `nothing is taken from a paused queue, and all of it after the resume`() async throws {
        try await withQueue { queue in
            try await queue.pause("slow")
            try await queue.pause("slow")
            #expect(try await queue.pausedQueues() == ["slow"])
            try await withWorker(queue, tasks: [add.registered], configure: { $0.queues = ["slow", "celery"] }) {
                let urgent = try await add.call(1, 1, on: queue, .queue("slow"))
                let late = try await add.call(2, 2, on: queue, .queue("slow"), .priority(9))
                // The other queue goes on, and by then the paused one was looked at more than once.
                for _ in 0..<20 { #expect(try await add.delay(1, 2, on: queue).result(within: .seconds(10)) == 3) }
                let left = try await queue.remaining(in: "slow")
                #expect(left.waiting == 2 && left.total == 2)
                try await queue.resume("slow")
                #expect(try await urgent.result(within: .seconds(10)) == 2)
                #expect(try await late.result(within: .seconds(10)) == 4)
            }
            #expect(try await queue.pausedQueues() == [])
            #expect(try await leftovers(queue) == [])
        }
    }

    @Test func `a worker is not kept busy by what waits in a paused queue`() async throws {
        try await withQueue { queue in
            try await queue.pause("celery")
            try await withWorker(queue, tasks: [add.registered]) {
                let handle = try await add.delay(1, 1, on: queue)
                func calls() async throws -> Int {
                    let stats = try await queue.redis.send("INFO", "commandstats").string ?? ""
                    let line = stats.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_blmove:") }
                    return line?.firstMatch(of: /calls=([0-9]+)/).flatMap { Int($0.1) } ?? 0
                }
                let before = try await calls()
                for _ in 0..<200 { _ = try await queue.redis.send("PING") }
                try await Task.sleep(for: .milliseconds(300))
                #expect(try await calls() - before < 3)
                #expect(try await handle.state() == nil)
                try await queue.resume("celery")
                #expect(try await handle.result(within: .seconds(10)) == 2)
            }
        }
    }

    @Test func `what is left of a queue is counted wherever it waits`() async throws {
        try await withQueue { queue in
            for number in 0..<3 { try await queue.send("t", args: [.int(number)]) }
            var options = CallOptions()
            options.fairKey = "customer"
            for _ in 0..<5 { try await queue.send("t", options: options) }
            options = CallOptions()
            options.countdown = .seconds(600)
            for _ in 0..<700 { try await queue.send("t", options: options) }
            options.queue = "other"
            try await queue.send("t", options: options)
            let remains = try await queue.remaining(in: "celery")
            #expect(remains.waiting == 8 && remains.scheduled == 700 && remains.total == 708)
            #expect(try await queue.remaining(in: "other").total == 1)
            let overview = try await queue.overview()
            #expect(overview.queues.first { $0.name == "celery" }?.waiting == 8)
            try await withWorker(queue, tasks: []) {
                try await until { try await queue.remaining(in: "celery").parked == 8 }
            }
        }
    }
}
