import CSpawn
import Foundation
import Logging
import Skirret

/// Several worker processes under one supervisor: `skirret worker --processes 4`, and the worker of `skirret serve`.
///
/// Every member is a `skirret worker` of its own, with its own connections, heartbeat and node name, so that Celery's
/// commands and Flower show each by itself. The supervisor holds no task. It vouches for the processes that run, sees
/// a death at once, gives back what the dead one held (which nobody else would do before the leases run out), and
/// starts another one under the same name. When the supervisor dies, its members notice by end of file and stop.
struct WorkerPool: Sendable {
    /// What the members are.
    struct Plan: Sendable {
        /// The node's name that theirs are made of.
        var name: String
        var size: Int
        /// The arguments of `skirret` for one member, `worker` first.
        var arguments: [String]
        var environment: [String: String] = [:]
        /// How long a member may take to stop.
        var grace: Duration
        /// Whether a member that an operator's `shutdown` ended is replaced too.
        var replacesDeparted = false
        var turn = SupervisedProcess.Turn.equal
    }

    private enum Event: Sendable {
        case wish(OperatorWish)
        case word(Int, PoolMembership.Word)
        case exited(Int, cspawn_exit)
        case givenBack(Int)
        case startsDue
        case vouched(silent: [String])
        case stopsOverdue
    }

    let plan: Plan
    let queue: TaskQueue
    let logger: Logger
    /// End of file on its other end tells the members that we are gone.
    private let life: (read: Int32, write: Int32)
    /// A member that has the grace behind it and has not ended is killed.
    private static let stopReserve = Duration.seconds(5)

    init(_ plan: Plan, queue: TaskQueue, logger: Logger) throws {
        var read: Int32 = -1, write: Int32 = -1
        guard cspawn_pipe(&read, &write) == 0 else { throw SupervisedProcess.StartFailure(description: "no pipe") }
        life = (read, write)
        self.plan = plan
        self.queue = queue
        self.logger = logger
    }

    /// Keeps the members alive until a wish to stop, and returns when all have ended.
    ///
    /// - Throws: When not even the first member can be started.
    func run(_ wishes: AsyncStream<OperatorWish>) async throws {
        let (events, tell) = AsyncStream<Event>.makeStream()
        let kills = OutOfMemoryKills()
        var roster = PoolRoster(size: plan.size)
        for index in roster.missing { roster.add(try start(index, tell)) }
        logger.info(
            "supervising worker processes",
            metadata: ["processes": "\(plan.size)", "names": "\(roster.members.values.map(\.node).sorted())"])
        var vouching = Vouching()
        await withDiscardingTaskGroup { group in
            for member in roster.members.values { watch(member, tell, &group) }
            group.addTask { for await wish in wishes { tell.yield(.wish(wish)) } }
            group.addTask { await kills.run() }
            vouch(roster, after: .zero, tell, &group)
            for await event in events {
                if case .vouched(let silent) = event {
                    for node in vouching.note(silent: silent) { giveUp(node, roster) }
                    vouch(roster, after: Vouching.pulse, tell, &group)
                }
                await handle(event, &roster, kills, tell, &group)
                if roster.isOver { break }
            }
            group.cancelAll()
        }
        _ = cspawn_close(life.read)
        _ = cspawn_close(life.write)
    }

    private func handle(
        _ event: Event, _ roster: inout PoolRoster, _ kills: OutOfMemoryKills, _ tell: AsyncStream<Event>.Continuation,
        _ group: inout DiscardingTaskGroup
    ) async {
        switch event {
        case .wish(let wish): grant(wish, &roster, tell, &group)
        case .word(let index, .ready):
            roster.becameReady(index)
            // What was asked for while it could not hear it.
            if roster.isQuiet { roster.members[index]?.process.send(SIGTSTP) }
            if roster.isStopping { roster.members[index]?.process.send(SIGTERM) }
        case .word(let index, .retires(let reason)):
            logger.notice("a worker process retires", metadata: metadata(roster.members[index], "reason", reason))
            roster.update(index) { if $0.state == .working { $0.state = .retiring } }
            fill(&roster, tell, &group)
        case .exited(let index, let exit):
            guard let member = roster.members[index] else { return }
            await member.tail.settled()
            let end = MemberEnd(
                exit: exit, wasStopped: member.wasStopped, wasKilled: member.wasKilled,
                wasRetiring: member.state == .retiring,
                ranOutOfMemory: kills.hasGrown, lastLines: member.tail.lines)
            report(member, end)
            roster.ended(index, end, isReplaced: plan.replacesDeparted || !end.hasDeparted)
            group.addTask {
                await giveBack(member.node, end)
                tell.yield(.givenBack(index))
            }
        case .givenBack(let index):
            roster.remove(index)
            fill(&roster, tell, &group)
        case .vouched: break
        case .startsDue: fill(&roster, tell, &group, isDue: true)
        case .stopsOverdue:
            for member in roster.members.values where member.state != .ended {
                logger.error("a worker process did not stop and is killed", metadata: metadata(member, "why", "grace"))
                roster.update(member.index) { $0.wasKilled = true }
                _ = cspawn_kill_tree(member.process.pid, SIGKILL)
            }
        }
    }

    // MARK: what operators want

    private func grant(
        _ wish: OperatorWish, _ roster: inout PoolRoster, _ tell: AsyncStream<Event>.Continuation,
        _ group: inout DiscardingTaskGroup
    ) {
        switch wish {
        case .stop, .interrupt:
            if !roster.isStopping {
                roster.isStopping = true
                logger.info("stopping the worker processes", metadata: ["processes": "\(roster.members.count)"])
                group.addTask {
                    do { try await Task.sleep(for: plan.grace + Self.stopReserve) } catch { return }
                    tell.yield(.stopsOverdue)
                }
            }
            for index in roster.members.keys { roster.update(index) { $0.wasStopped = true } }
        case .quiet: roster.isQuiet = true
        case .resume: roster.isQuiet = false
        case .dump: dump(roster)
        }
        for member in roster.members.values {
            // A member that does not listen yet would die of anything; told to stop it may.
            guard member.state != .ended, member.state != .starting || roster.isStopping else { continue }
            member.process.send(wish.signal)
        }
    }

    private func dump(_ roster: PoolRoster) {
        var lines = ["pool \(plan.name) (pid \(getpid())): \(roster.members.count) of \(plan.size) processes"]
        for member in roster.members.values.sorted(by: { $0.index < $1.index }) {
            let memory = MemoryWatch.residentKiB(of: member.process.pid).map { "\($0 / 1024) MB" } ?? "gone"
            let age = member.began.duration(to: .now).formatted(.time(pattern: .hourMinuteSecond))
            lines.append("  \(member.node) pid \(member.process.pid), \(member.state), up \(age), \(memory)")
        }
        Output.aside(lines.joined(separator: "\n"))
    }

    // MARK: starts

    private func start(_ index: Int, _ tell: AsyncStream<Event>.Continuation) throws -> PoolMember {
        try PoolMember.start(plan, index: index, life: life.read) { tell.yield(.word(index, $0)) }
    }

    private func watch(
        _ member: PoolMember, _ tell: AsyncStream<Event>.Continuation, _ group: inout DiscardingTaskGroup
    ) {
        group.addTask { tell.yield(.exited(member.index, await member.process.exit())) }
    }

    /// Starts who is missing, at once or after a pause.
    private func fill(
        _ roster: inout PoolRoster, _ tell: AsyncStream<Event>.Continuation, _ group: inout DiscardingTaskGroup,
        isDue: Bool = false
    ) {
        let missing = roster.missing
        guard !missing.isEmpty else { return }
        let pause = isDue ? .zero : roster.pause
        guard pause == .zero else {
            logger.error("worker processes die too fast; waiting before the next", metadata: ["pause": "\(pause)"])
            return startLater(after: pause, tell, &group)
        }
        do {
            for index in missing {
                let member = try start(index, tell)
                roster.add(member)
                watch(member, tell, &group)
            }
        } catch {
            logger.error("cannot start a worker process; trying again", metadata: ["error": "\(error)"])
            startLater(after: .seconds(1), tell, &group)
        }
    }

    private func startLater(
        after pause: Duration, _ tell: AsyncStream<Event>.Continuation, _ group: inout DiscardingTaskGroup
    ) {
        group.addTask {
            do { try await Task.sleep(for: pause) } catch { return }
            tell.yield(.startsDue)
        }
    }

    // MARK: life

    private func vouch(
        _ roster: PoolRoster, after pause: Duration, _ tell: AsyncStream<Event>.Continuation,
        _ group: inout DiscardingTaskGroup
    ) {
        let members = roster.members.values.filter { ![.starting, .ended].contains($0.state) }
        group.addTask {
            do { try await Task.sleep(for: pause) } catch { return }
            let nodes = members.filter { Vouching.isRunning($0.process.pid) }.map(\.node)
            // A broker that is away hears nobody: that is no silence of theirs.
            let silent = nodes.isEmpty ? [] : try? await queue.vouch(for: nodes)
            tell.yield(.vouched(silent: silent ?? []))
        }
    }

    private func giveUp(_ node: String, _ roster: PoolRoster) {
        guard let member = roster.members.values.first(where: { $0.node == node }), member.state != .ended else {
            return
        }
        logger.error(
            "a worker process is hung and is killed", metadata: metadata(member, "silent", "\(Vouching.patience)"))
        _ = cspawn_kill_tree(member.process.pid, SIGKILL)
    }

    // MARK: deaths

    private func report(_ member: PoolMember, _ end: MemberEnd) {
        var metadata = metadata(member, "reason", end.reason)
        if case .left = end.ofClaims {
            return logger.info("a worker process has ended", metadata: metadata)
        }
        metadata["last_line"] = end.lastLines.last.map { "\($0)" }
        logger.error("a worker process died; its tasks go back and another one takes its place", metadata: metadata)
    }

    /// Gives back what a dead member held; tries for as long as its leases last.
    private func giveBack(_ node: String, _ end: MemberEnd) async {
        // Who stopped in order gave everything back itself; a broker that is away must not hold up the end.
        if end.wasStopped, end.exit.signal == 0, end.exit.exit_code == 0 { return }
        let last = ContinuousClock.now + (end.wasStopped ? .seconds(1) : .seconds(15))
        while true {
            do {
                let (count, dead) = try await queue.giveBack(claimsOf: node, after: end.ofClaims)
                guard count > 0 else { return }
                return logger.warning(
                    "tasks of a worker process that ended went back to their queues",
                    metadata: ["worker": "\(node)", "count": "\(count)", "dead": "\(dead)"])
            } catch {
                guard .now < last, !Task.isCancelled else {
                    return logger.error(
                        "could not give the tasks of a dead worker process back; their leases will",
                        metadata: ["worker": "\(node)", "error": "\(error)"])
                }
                try? await Task.sleep(for: .milliseconds(250))  // a cancellation ends the loop above
            }
        }
    }

    private func metadata(_ member: PoolMember?, _ key: String, _ value: String) -> Logger.Metadata {
        ["worker": "\(member?.node ?? "?")", "pid": "\(member?.process.pid ?? 0)", key: "\(value)"]
    }
}
