import CeleryProtocol
import Skirret
import SkirretRedis
import SkirretTesting
import Testing

/// What a supervisor does for the tasks of a process that ended, and what the load does to the slots.
@Suite("Orphans and autoscaling", .timeLimit(.minutes(2))) struct OrphansTests {
    private let starts = Starts()
    private let gate = Gate()

    private var gated: RegisteredTask {
        RegisteredTask(name: "samples.gated") { [starts, gate] context, _, _ in
            starts.note(context.id)
            try await gate.opened()
            return .null
        }
    }

    /// The connection goes first: a dead process says nothing.
    private func die(_ worker: FleetWorker) async {
        await worker.queue.close()
        await worker.kill()
    }

    @Test func `the claims of a dead process are back at once, and nobody else's`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let dead = FleetWorker(url, name: "w1-1@host", tasks: [gated])
            let alive = FleetWorker(url, name: "w1-2@host", tasks: [gated])
            dead.start()
            for _ in 0..<3 { _ = try await queue.send("samples.gated") }
            try await until { starts.total == 3 }
            await die(dead)
            #expect(try await queue.redis.send("ZCARD", "skirret:leases").int == 3)
            try await withFleet([alive]) {
                let (count, given) = try await queue.giveBack(
                    claimsOf: "w1-1@host", after: .crashed(reason: "signal 9"))
                #expect(count == 3)
                #expect(given == 0)
                try await until { starts.total == 6 }
                let again = try await queue.giveBack(claimsOf: "w1-1@host", after: .crashed(reason: "signal 9"))
                #expect(again.count == 0)
                #expect(
                    try await queue.redis.send("HVALS", "skirret:crashes").array?.compactMap(\.string) == [
                        "1", "1", "1",
                    ])
                #expect(try await queue.redis.send("ZSCORE", "skirret:workers", "w1-1@host").isNull)
                gate.open()
            }
            await queue.close()
        }
    }

    @Test func `the third death makes a dead letter with the reason, and the caller learns of it`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let id = try await queue.send("samples.gated")
            for round in 1...3 {
                let worker = FleetWorker(url, name: "w1-1@host", tasks: [gated])
                worker.start()
                try await until { starts.total == round }
                await die(worker)
                let end = try await queue.giveBack(
                    claimsOf: "w1-1@host", after: .crashed(reason: "signal 9\nlast words"))
                #expect(end.count == 1)
                #expect(end.dead == (round == 3 ? 1 : 0))
            }
            let failure = try await queue.result(of: id, within: .seconds(1)).failure
            #expect(failure?.excType == "WorkerLostError")
            let letter = try await queue.redis.send("HVALS", "skirret:dead:letters").array?.first?.string
            #expect(letter?.contains("last words") == true)
            await queue.close()
        }
    }

    @Test func `what a process leaves behind that ended in order costs no attempt`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            let worker = FleetWorker(url, name: "w1-1@host", tasks: [gated])
            worker.start()
            _ = try await queue.send("samples.gated")
            try await until { starts.total == 1 }
            await die(worker)
            #expect(try await queue.giveBack(claimsOf: "w1-1@host", after: .left(reason: "recycled")).count == 1)
            #expect(try await queue.redis.send("LLEN", "celery").int == 1)
            #expect(try await queue.redis.send("EXISTS", "skirret:crashes").int == 0)
            await queue.close()
        }
    }

    @Test func `a worker that cannot be heard keeps its task for as long as somebody sees its process live`()
        async throws
    {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            try await FaultProxy.withProxy(to: url) { proxy in
                func worker(_ url: RedisURL, _ name: String) -> FleetWorker {
                    FleetWorker(url, name: name, tasks: [gated]) { options in
                        options.lease = .seconds(1)
                        options.heartbeat = .milliseconds(200)
                        options.sweep = .milliseconds(100)
                    }
                }
                let mute = worker(proxy.url, "w1-1@host"), other = worker(url, "w2@host")
                mute.start()
                let id = try await queue.send("samples.gated")
                try await until { starts.total == 1 }
                _ = try await queue.vouch(for: ["w1-1@host"])
                proxy.faults.losesRequests = true
                try await withFleet([other]) {
                    // Overdue, and seen to be so: the node is off the list of those that are heard.
                    try await until { try await queue.vouch(for: ["w1-1@host"]) == ["w1-1@host"] }
                    try await until { try await Self.isRenewed(queue) }
                    #expect(starts.count(id) == 1)
                    try await queue.redis.send("ZREM", "skirret:workers:vouched", "w1-1@host")
                    try await until { starts.count(id) == 2 }
                    gate.open()
                    _ = try await queue.result(of: id, within: .seconds(10))
                }
                await mute.kill()
            }
            await queue.close()
        }
    }

    /// Whether the only lease has run out and been renewed since; waits for both.
    private static func isRenewed(_ queue: TaskQueue) async throws -> Bool {
        func end() async throws -> Double {
            try await queue.redis.send("ZRANGE", "skirret:leases", 0, 0, "WITHSCORES").array?.last?.string
                .flatMap(Double.init) ?? 0
        }
        let before = try await end()
        try await until { try await end() > before }
        return true
    }

    @Test func `slots grow with the backlog, never beyond the upper bound`() async throws {
        try await withQueue { queue in
            var options = WorkerOptions(name: "w1@host")
            options.autoscale = 1...4
            let worker = Worker(queue, registry: TaskRegistry([gated]), options: options, logger: quiet)
            async let running: Void = worker.run()
            for _ in 0..<10 { _ = try await queue.send("samples.gated") }
            try await until { starts.total == 4 }
            #expect(worker.concurrency == 4)
            worker.autoscale(between: 1...2)
            try await until { worker.concurrency == 2 }
            gate.open()
            try await until { starts.total == 10 }
            worker.stop()
            try await running
        }
    }

    @Test func `a worker retires after its number of tasks and finishes what it has`() async throws {
        try await withQueue { queue in
            var options = WorkerOptions(name: "w1@host", concurrency: 2)
            options.mostTasks = 3
            let worker = Worker(queue, registry: TaskRegistry([gated]), options: options, logger: quiet)
            async let running: Void = worker.run()
            for _ in 0..<5 { _ = try await queue.send("samples.gated") }
            try await until { starts.total == 2 }
            gate.open()
            try await running
            #expect(starts.total == 3)
            #expect(try await queue.redis.send("LLEN", "celery").int == 2)
            #expect(try await queue.redis.send("ZCARD", "skirret:leases").int == 0)
        }
    }
}
