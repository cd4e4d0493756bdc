import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Logging
import Skirret
import SkirretRedis
import Synchronization

/// Asks the data sources of pages that somebody has open: each once for all viewers, at its interval, never twice at a
/// time, and not at all while nobody looks.
///
/// Runs in every API process; of one source one of them is the poller at a time, see ``DataSourceStore``. A question is
/// the task that a click would have started, so slots, limits and the plugin's own rights hold. It is not in the ledger:
/// nobody was promised this one answer, and the next question is due anyway.
///
/// It rests until the next question is due. Whoever begins to watch says so on a channel, in whatever process, and after
/// an interruption of that channel it looks itself.
final class DataSourcePoller: Sendable {
    /// Questions that one process waits for at a time.
    private static let mostAtOnce = 16
    /// While Redis is away, or more is due than one process asks at a time.
    private static let pulse = Duration.milliseconds(500)
    /// Nobody has to wait longer, whatever became of the message that would have woken this.
    static let longestRest = Duration.seconds(20)
    /// A question that no worker has taken by then is none any more.
    private static let patience = Duration.seconds(60)

    private let services: APIServices
    private let store: DataSourceStore
    private let runDeadline: Duration
    private let rest: Duration
    private let logger: Logger
    private let bell = Doorbell()

    init(services: APIServices, runDeadline: Duration, rest: Duration = longestRest, logger: Logger) {
        self.services = services
        self.rest = rest
        self.runDeadline = runDeadline
        self.logger = logger
        store = DataSourceStore(redis: services.redis)
    }

    /// Says that a source may be due.
    func ring() { bell.ring() }

    /// Polls until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            let running = Running()
            group.addTask { await self.listen() }
            while !Task.isCancelled {
                var pause = Self.pulse
                do {
                    let room = Self.mostAtOnce - running.count
                    let (ids, next) = try await store.due(atMost: Self.mostAtOnce)
                    pause = min(ids.isEmpty ? rest : pause, next ?? rest)
                    for id in ids.prefix(room) {
                        guard let claim = try await store.claim(id) else { continue }
                        running.add(1)
                        group.addTask {
                            await self.ask(claim)
                            running.add(-1)
                            self.ring()
                        }
                    }
                } catch {
                    // Redis is away; claims lapse, and whoever is there then goes on.
                    logger.debug("Data sources wait", metadata: ["error": "\(error)"])
                }
                // A clock that stands between two milliseconds must not make a busy loop of this.
                do { try await bell.wait(atMost: max(pause, .milliseconds(5))) } catch { break }
            }
            group.cancelAll()
        }
    }

    /// Rings when somebody begins to watch, and when that may have happened unheard.
    private func listen() async {
        do {
            try await services.queue.subscriber.withSubscription(channels: [Keys.sourceWishes]) { messages in
                for try await _ in messages { ring() }
            }
        } catch {
            // Cancelled, or the subscriber was closed: this process ends.
        }
    }

    private func ask(_ claim: DataSourceStore.Claim) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.hold(claim) }
            do {
                let answer = try await self.answer(to: claim)
                try await store.settle(claim, answer)
                // Nobody else waits for it, and results of a poll a second would fill Redis.
                try await services.queue.forget(claim.task)
            } catch {
                logger.debug("A data source is left to another poller", metadata: ["error": "\(error)"])
            }
            group.cancelAll()
        }
    }

    /// Keeps the claim while its answer is waited for.
    private func hold(_ claim: DataSourceStore.Claim) async {
        while true {
            do { try await ContinuousClock().sleep(for: DataSourceStore.claim / 3) } catch { return }
            // A failure is repeated in time: three fit into one lease.
            guard (try? await store.hold(claim, isSent: false)) ?? true else { return }
        }
    }

    private func answer(to claim: DataSourceStore.Claim) async throws -> DataSourceAnswer {
        do {
            if !claim.isSent {
                try await check(claim.source)
                var options = CallOptions()
                options.id = claim.task
                options.expiresIn = Self.patience
                let call = claim.source.call
                try await services.queue.send(call.task, args: call.args, options: options)
                _ = try await store.hold(claim, isSent: true)
            }
            // Longer than it may wait and run: what answers nothing by then is over.
            let result = try await services.queue.result(of: claim.task, within: Self.patience + runDeadline)
            return DataSourceAnswer(["success": true, "result": try TaskAnswer.value(result)])
        } catch let error as APIError {
            return DataSourceAnswer(error)
        } catch is ResultTimeout {
            return DataSourceAnswer(
                APIError(
                    .gatewayTimeout, code: "no_answer", "No worker has answered in time.",
                    hint: "Does a worker run that takes from the default queue? /api/workers/ lists them."))
        }
    }

    /// What the route that asks a plugin checks.
    private func check(_ source: DataSource) async throws {
        guard let row = try await services.catalog.plugins.find(source.plugin) else { throw APIError.noSuchPlugin }
        guard row.isEnabled || (source.allowsDisabled && row.wasEverEnabled) else { throw APIError.pluginDisabled }
    }
}

/// How many questions are on their way.
private final class Running: Sendable {
    private let number = Atomic(0)
    var count: Int { number.load(ordering: .relaxed) }
    func add(_ change: Int) { number.add(change, ordering: .relaxed) }
}
