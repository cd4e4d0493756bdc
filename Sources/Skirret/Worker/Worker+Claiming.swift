import CeleryProtocol
import Foundation
import Logging
import SkirretRedis

/// The loop that takes messages for free slots, and the slots that run them.
extension Worker {
    private var isLeaving: Bool { intake.isLeaving || Task.isCancelled }

    /// Claims and runs until the stop, then waits for what still runs.
    func claim(_ claimer: Claimer, _ executor: Executor, _ waits: QueueWaits) async {
        var claimer = claimer
        logger.info(
            "worker is ready",
            metadata: [
                "worker": "\(options.name)", "queues": "\(options.queues.map(\.rawValue).joined(separator: ","))",
                "concurrency": "\(options.concurrency)",
            ])
        var lastChance = LastChance(mostCrashes: options.mostCrashes)
        var rounds = 0
        var isDeclared = false
        while !isLeaving {
            do {
                // First of all, as somebody may wait for it: what came with the end of a wait.
                let arrived = claimer.arrived()
                if !arrived.isEmpty {
                    dealer.taken()
                    await begin(arrived, asked: .max, claimer, &lastChance)
                    start(executor)
                }
                if !isDeclared {
                    try await queue.declare(consumed.names)
                    try await room.publishNames()
                    isDeclared = true
                }
                let isTaking = !lastChance.isSolitary(held)
                var wanted =
                    isTaking
                    ? min(slots.wanted(concurrency: heavy.concurrency(of: intake.concurrency)), intake.allowance) : 0
                // What waited for a worker that knows it comes first; no command when nothing does.
                let adopted = try await room.adopt(most: wanted)
                await begin(adopted, asked: 0, claimer, &lastChance)
                wanted = lastChance.isWaiting ? 0 : max(0, wanted - adopted.count)
                // Every eighth claim begins with the lowest priority, so that it never starves.
                let isAsking = wanted > 0 || claimer.mayHoldUnknownClaims
                if isAsking { rounds += 1 }
                let free = min(wanted, slots.free(concurrency: heavy.concurrency(of: intake.concurrency)))
                let claims =
                    isAsking ? try await claimer.claim(most: wanted, free: free, fromTheBack: rounds % 8 == 0) : []
                if !claims.isEmpty { dealer.taken() }
                await begin(claims, asked: wanted, claimer, &lastChance)
                if let alone = lastChance.next(held) { slots.add([alone], asked: 0) }
                start(executor)
                if intake.isSpent, !slots.hasWaiting, !lastChance.isWaiting {
                    logger.info("has taken as many tasks as it may", metadata: ["worker": "\(options.name)"])
                    retire()
                    options.willRetire()
                }
                if wanted > 0 && claims.count >= wanted && !lastChance.isWaiting { continue }
                if wanted > claims.count {
                    slots.listen()
                    waits.begin(except: claimer.paused, claim: claimer.armedCall)
                }
                if let pause = lastChance.pause(held) {
                    try await claimBell.wait(atMost: pause)
                } else {
                    claimer.armed.rest(with: claimer.version)
                    defer { claimer.armed.wake() }
                    try await rest()
                }
            } catch let error as RedisError {
                isDeclared = false
                logger.log(level: error.quietLevel, "cannot claim; trying again", metadata: ["error": "\(error)"])
                try? await claimBell.wait(atMost: .milliseconds(200))  // cancellation ends the loop above
            } catch {
                break
            }
        }
        // Nothing is claimed for this worker from here on. Without an answer, leases bring back what was claimed.
        for _ in 0..<2 where claimer.mayHoldUnknownClaims && !Task.isCancelled {
            let rest = try? await claimer.claim(most: 0, deadline: .milliseconds(500))
            take(claimer.arrived() + (rest ?? []), asked: 0)
        }
        if room.mayHoldUnknownClaims, !Task.isCancelled, let rest = try? await room.adopt(most: 0) {
            take(rest, asked: 0)
        }
        await giveBack(slots.takeBack(all: true).map(\.claim) + lastChance.takeBack())
        if held.count > 0 {
            logger.info("stopping; running tasks may finish", metadata: ["running": "\(held.count)"])
        }
        await slots.untilIdle()
        // What has ended is being written, by loops that run on until this returns.
        while held.isSettling, !Task.isCancelled {
            try? await claimBell.wait(atMost: .milliseconds(100))  // a cancellation ends the loop
        }
    }

    private func start(_ executor: Executor) {
        for _ in 0..<slots.starting(concurrency: heavy.concurrency(of: intake.concurrency)) {
            // A task of its own on purpose: a body that ignores its cancellation must not keep the worker from ending,
            // and only what is no child can be left behind.
            Task { [self] in await runClaims(executor) }
        }
    }

    /// Begins what an armed call brought while the claim loop rests: a body waits for one thread less then.
    ///
    /// - Returns: False when the loop has to weigh it.
    func begin(_ answer: RedisValue, of armed: ArmedClaim, _ executor: Executor) -> Bool {
        // The usual case alone. All else (a stop, a budget, a last chance, a cancelled queue) is the loop's.
        guard let claim = Claimer.only(in: answer), claim.crashes == 0 else { return false }
        let one = HeldClaim(claim)
        let isMine = armed.accept(claim.token, version: consumed.state.version) {
            guard intake.allowance == .max else { return false }
            held.add([one])
            guard slots.add(one, concurrency: heavy.concurrency(of: intake.concurrency)) else {
                held.remove(CollectionOfOne(claim.token))
                return false
            }
            return true
        }
        guard isMine else { return false }
        // A task of its own for the same reason as in `start`.
        Task { [self] in await runClaims(executor) }
        dealer.taken()
        return true
    }

    /// One slot: runs one waiting claim after the other until there is none.
    private func runClaims(_ executor: Executor) async {
        while true {
            let (claim, isLow) = slots.next(concurrency: heavy.concurrency(of: intake.concurrency))
            if isLow { claimBell.ring() }
            guard let claim else { return heavy.look((slots.running, intake.concurrency)) }
            let began = ContinuousClock.now
            guard await executor.run(claim) else { return }
            slots.ended(after: began.duration(to: .now).seconds * 1e6)
            guard Task.isCancelled else { continue }
            // A body was stopped and this task with it; the claim loop starts another runner if there is work.
            slots.leave()
            heavy.look((slots.running, intake.concurrency))
            return claimBell.ring()
        }
    }

    /// How often an idle worker looks into its queues although nothing told it to.
    ///
    /// 3 s: the bound for what only Python producers do, a push with another priority than the highest or to the third
    /// and later of a worker's queues. All else rings at once.
    private static let pulse = Duration.seconds(3)

    /// Waits for a free slot or a message.
    private func rest() async throws {
        guard slots.hasWaiting else { return try await claimBell.wait(atMost: Self.pulse) }
        try await claimBell.wait(atMost: Slots.patience / 2)
        let unused = slots.takeBack(all: false).map(\.claim)
        intake.spend(-unused.count)
        await giveBack(unused)
    }

    /// Begins what may begin, and hands back what would run beside a message that is to run alone, and what came after
    /// somebody said that nothing is to be taken any more, or not from its queue.
    private func begin(_ claims: [Claim], asked: Int, _ claimer: Claimer, _ lastChance: inout LastChance) async {
        guard claims.isEmpty || intake.allowance > 0 else { return await giveBack(claims) }
        let cancelled = claimer.cancelled(claims)
        await giveBack(cancelled)
        let claims = cancelled.isEmpty ? claims : claims.filter { one in !cancelled.contains { $0 === one } }
        let (begin, handBack) = lastChance.part(claims, held)
        take(begin, asked: asked)
        intake.spend(claims.count - handBack.count)
        await giveBack(handBack)
    }

    private func take(_ claims: [Claim], asked: Int) {
        let claims = claims.map(HeldClaim.init)
        held.add(claims)
        if asked > 0 || !claims.isEmpty { slots.add(claims, asked: asked) }
    }

    /// Returns claims that found no slot to their queue, in their order and without costing an attempt.
    private func giveBack(_ claims: [Claim]) async {
        guard !claims.isEmpty, !Task.isCancelled else { return }
        do {
            _ = try await settler.restore(claims.reversed().map(\.token), why: .stopping, detail: "found no slot")
        } catch {
            logger.warning("claims that found no slot wait for their leases to end", metadata: ["error": "\(error)"])
        }
        held.remove(claims.lazy.map(\.token))
    }
}
