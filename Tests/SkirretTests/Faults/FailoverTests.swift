import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis
import SkirretTesting
import Testing

/// A whole fleet whose broker is found through sentinels, and whose master dies.
@Suite("Failover", .serialized, .timeLimit(.minutes(2))) struct FailoverTests {
    private let starts = Starts()

    private var quick: TaskDefinition<Int, Int> { starts.quick }

    private var slow: TaskDefinition<Double, Double> { starts.slow }

    /// Enqueues until told to stop; accepted is what the broker said yes to and the replica has as well.
    ///
    /// One connection, so that `WAIT` speaks of the call before it; on a new one it speaks of nothing, which the
    /// marker of the call tells apart.
    private func produce(
        on queue: TaskQueue, _ accepted: Accepted, _ refusals: Refusals, until isOver: @Sendable () -> Bool
    ) async {
        while !isOver(), !Task.isCancelled {
            do {
                let id = try await quick.delay(1, on: queue).id
                let replies = try await queue.redis.pipeline([
                    .init("EXISTS", .init("skirret:sent:\(id)")), .init("SET", "skirret:test", 1),
                    .init("WAIT", 1, 200),
                ])
                if replies[0].int == 1, replies[2].int == 1 { accepted.add(id) }
            } catch {
                refusals.add(error)
            }
            try? await Task.sleep(for: .milliseconds(5))  // the load's pace; a cancellation ends the loop
        }
    }

    @Test func `the master is killed under load: all that was replicated is done, within seconds`() async throws {
        try await ThrowawayFailover.withServers { group in
            let queue = TaskQueue(group.url, logger: quiet)
            let accepted = Accepted(), refusals = Refusals(), complaints = Complaints()
            let fleet = (0..<2).map { number in
                FleetWorker(
                    group.url, name: "w\(number)@host", tasks: [quick.registered, slow.registered],
                    logger: complaints.logger)
            }
            let store = RedisScheduleStore(queue, logger: quiet)
            try await store.set(
                ScheduledTask("tick", .interval(.seconds(1)), ScheduledCall(task: "samples.quick", args: [7])))
            let beat = Beat(queue, store: store, name: "beat", logger: quiet)
            try await withFleet(fleet) {
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask { try await beat.run() }
                    let isOver = Flag()
                    tasks.addTask { await produce(on: queue, accepted, refusals) { isOver.isUp } }
                    // Runs through the failover, and somebody waits for it all the time.
                    let long = try await slow.delay(6, on: queue)
                    async let longResult = long.result(within: .seconds(40))
                    try await until { accepted.all.count >= 100 && starts.count(long.id) == 1 }
                    await group.servers[0].kill()
                    let promoted = try await group.promotion(after: group.servers[0])
                    let since = ContinuousClock.now
                    let probe = try await quick.delay(-1, on: queue)
                    #expect(try await probe.result(within: .seconds(20)) == -1)
                    #expect(since.duration(to: .now) <= .seconds(5))
                    let before = starts.total
                    try await until { starts.total > before + 20 }
                    isOver.raise()
                    #expect(try await longResult == 6)
                    // Beat leads on the new master and goes on firing.
                    let direct = RedisClient(promoted.url, logger: quiet)
                    let runs = RedisArgument("skirret:beat:redis:runs")
                    let fired = try await direct.send("HGET", runs, "tick").string
                    #expect(fired != nil)
                    try await until { try await direct.send("HGET", runs, "tick").string != fired }
                    await direct.close()
                    tasks.cancelAll()
                    while let ended = await tasks.nextResult() { _ = ended }
                }
                let ids = accepted.all
                try await withTimeout(.seconds(30), else: Unfinished(states: try await states(ids, queue))) {
                    try await until { try await states(ids, queue)["SUCCESS"] == ids.count }
                }
            }
            #expect(accepted.all.count >= 100)
            #expect(refusals.untyped == [], "every refusal is a RedisError that may pass")
            #expect(starts.repeated == [:], "nothing ran twice; it would have been said: \(complaints.all)")
            await queue.close()
        }
    }

    private struct Unfinished: Error { let states: [String: Int] }
}
