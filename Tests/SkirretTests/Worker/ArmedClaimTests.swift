import CeleryProtocol
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

/// What Redis claims for a worker that waits: see ``ArmedClaim``.
@Suite("Armed claims", .timeLimit(.minutes(2))) struct ArmedClaimTests {
    private let starts = Starts()
    private let gate = Gate()

    /// Runs until the gate opens.
    private var gated: RegisteredTask {
        RegisteredTask(name: "samples.gated") { [starts, gate] context, _, _ in
            starts.note(context.id)
            try await gate.opened()
            return .null
        }
    }

    /// A worker is idle: so many waits are blocked, and a claim is armed.
    private func isArmed(_ queue: TaskQueue, waits: Int = 1) async throws -> Bool {
        let info = try await queue.redis.send("INFO", "clients").string ?? ""
        guard info.contains("blocked_clients:\(waits)\r\n") else { return false }
        return try await queue.redis.send("KEYS", "skirret:armed:*").array?.count == 1
    }

    private func held(_ queue: TaskQueue) async throws -> [String] {
        try await queue.redis.send("HKEYS", "unacked").array?.compactMap(\.string) ?? []
    }

    /// A message is claimed, and the worker has not heard of it yet.
    private func sendUnheard(_ proxy: FaultProxy, _ queue: TaskQueue) async throws -> TaskID {
        proxy.faults.delay = .milliseconds(100)
        let id = try await queue.send("samples.gated")
        try await until { try await held(queue).count == 1 }
        #expect(try await held(queue).allSatisfy { $0.hasSuffix("a-0") }, "an armed call took it")
        return id
    }

    /// Nothing is held, the message waits, and it cost no attempt.
    private func expectReturned(_ queue: TaskQueue, waiting: Int) async throws {
        #expect(try await held(queue) == [])
        #expect(try await queue.redis.send("LLEN", "celery").int == waiting)
        for key in [queue.keys.crashes, queue.keys.leases, queue.keys.owners] {
            #expect(try await queue.redis.send("EXISTS", .init(key)).int == 0, "\(key)")
        }
    }

    private func withProxiedWorker(
        configure: @escaping (inout WorkerOptions) -> Void = { _ in },
        _ body: (TaskQueue, FleetWorker, FaultProxy) async throws -> Void
    ) async throws {
        try await ThrowawayRedis.withServer { url in
            try await FaultProxy.withProxy(to: url) { proxy in
                let queue = TaskQueue(url, logger: quiet)
                let worker = FleetWorker(proxy.url, name: "w@host", tasks: [gated], configure: configure)
                try await withFleet([worker]) {
                    try await until { try await isArmed(queue, waits: worker.worker.queues.count) }
                    try await body(queue, worker, proxy)
                    gate.open()
                }
                await queue.close()
            }
        }
    }

    @Test func `an idle worker's next message is claimed in the moment it comes`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [gated]) {
                for round in 1...3 {
                    try await until { try await isArmed(queue) }
                    try await queue.send("samples.gated")
                    try await until { starts.total == round }
                    #expect(try await held(queue).count { $0.hasSuffix("a-0") } == round)
                }
                gate.open()
            }
            #expect(try await queue.redis.send("KEYS", "skirret:armed:*").array?.count == 0, "disarmed by the stop")
        }
    }

    @Test func `a claim whose answer was lost with its connection runs without waiting for its lease`() async throws {
        try await withProxiedWorker(configure: { $0.lease = .seconds(60) }) { queue, _, proxy in
            proxy.faults.losesAnswers = true
            let id = try await queue.send("samples.gated")
            try await until { try await held(queue).count == 1 }
            proxy.faults = .none
            proxy.cut()
            try await until { starts.count(id) == 1 }
            gate.open()
            _ = try await queue.result(of: id, within: .seconds(10))
            #expect(starts.total == 1)
        }
    }

    @Test func `a stop gives back what came too late`() async throws {
        try await withProxiedWorker(configure: { $0.lease = .seconds(60) }) { queue, worker, proxy in
            _ = try await sendUnheard(proxy, queue)
            await worker.stop()
            try await expectReturned(queue, waiting: 1)
            #expect(starts.total == 0)
        }
    }

    @Test func `a worker that was made quiet gives back what came too late, and takes nothing more`() async throws {
        try await withProxiedWorker(configure: { $0.lease = .seconds(60) }) { queue, worker, proxy in
            _ = try await sendUnheard(proxy, queue)
            worker.worker.quiet()
            try await until { try await held(queue).isEmpty }
            try await queue.send("samples.gated")
            try await expectReturned(queue, waiting: 2)
            worker.worker.resume()
            try await until { starts.total == 2 }
        }
    }

    @Test func `what comes too late from a cancelled queue goes back to it`() async throws {
        try await withProxiedWorker(configure: {
            $0.lease = .seconds(60)
            $0.queues = ["other", "celery"]
        }) { queue, worker, proxy in
            _ = try await sendUnheard(proxy, queue)
            worker.worker.cancelQueue("celery")
            try await until { try await held(queue).isEmpty }
            try await expectReturned(queue, waiting: 1)
            #expect(starts.total == 0)
        }
    }

    @Test func `stops at the moment of a message lose nothing and start nothing twice`() async throws {
        try await ThrowawayRedis.withServer { url in
            let queue = TaskQueue(url, logger: quiet)
            gate.open()
            for round in 1...20 {
                let worker = FleetWorker(url, name: "w@host", tasks: [gated])
                try await withFleet([worker]) {
                    try await until { try await isArmed(queue) }
                    async let sent = queue.send("samples.gated")
                    if round.isMultiple(of: 2) { await Task.yield() }
                    await worker.stop()
                    _ = try await sent
                }
                let waiting = try await queue.redis.send("LLEN", "celery").int ?? 0
                #expect(starts.total + waiting == round)
                try await expectReturned(queue, waiting: waiting)
            }
            #expect(starts.repeated == [:])
            await queue.close()
        }
    }

    @Test func `nothing is taken any more from a queue that was cancelled`() async throws {
        try await withQueue { queue in
            let worker = FleetWorker(queue.url, name: "w@host", tasks: [gated]) { $0.queues = ["a", "b"] }
            try await withFleet([worker]) {
                try await until { try await isArmed(queue, waits: 2) }
                worker.worker.cancelQueue("b")
                // The wait on the first queue began before; what lies behind it knew both.
                try await until { try await isArmed(queue, waits: 1) }
                for name in ["b", "a"] as [QueueName] {
                    try await queue.send("samples.gated", options: CallOptions([.queue(name)]))
                }
                try await until { starts.total == 1 }
                try await until { try await isArmed(queue, waits: 1) }
                #expect(try await queue.redis.send("LLEN", "b").int == 1)
                gate.open()
            }
            #expect(starts.total == 1)
        }
    }

    @Test func `messages in two queues at once never fill more slots than there are`() async throws {
        try await withQueue { queue in
            try await withWorker(
                queue, tasks: [gated],
                configure: {
                    $0.queues = ["a", "b"]
                    $0.concurrency = 1
                }
            ) {
                try await until { try await isArmed(queue, waits: 2) }
                try await queue.send(
                    many: ["a", "b"].map { TaskCall("samples.gated", options: CallOptions([.queue($0)])) })
                // Both waits end, and a claim lies behind each.
                try await until { starts.total == 1 }
                for _ in 0..<50 { #expect(try await held(queue).count == 1) }
                gate.open()
                try await until { starts.total == 2 }
            }
            #expect(starts.repeated == [:])
        }
    }

    @Test func `a worker takes no more messages than it may in its life`() async throws {
        try await withQueue { queue in
            gate.open()
            let worker = FleetWorker(queue.url, name: "w@host", tasks: [gated]) { $0.mostTasks = 3 }
            worker.start()
            for _ in 0..<5 {
                if starts.total < 3 { try await until { try await isArmed(queue) } }
                let id = try await queue.send("samples.gated")
                if starts.total < 3 { try await until { starts.count(id) == 1 } }
            }
            await worker.stop()
            #expect(starts.total == 3)
            try await expectReturned(queue, waiting: 2)
        }
    }

    @Test func `scripts that were flushed while it waited are loaded again`() async throws {
        try await withQueue { queue in
            gate.open()
            try await withWorker(queue, tasks: [gated]) {
                for _ in 0..<2 {
                    try await until { try await isArmed(queue) }
                    try await queue.redis.send("SCRIPT", "FLUSH")
                    let id = try await queue.send("samples.gated")
                    _ = try await queue.result(of: id, within: .seconds(2))
                }
            }
            #expect(starts.total == 2)
        }
    }
}
