import Catalog
import CeleryProtocol
import Foundation
import Logging
import Relay
import Skirret
import SkirretRedis

/// Tells the pages of tasks, queues and workers that what they show has changed, so that none of them has to ask.
///
/// One look for all who listen to the topic `tasks` on this relay, four times a second at the most and never while
/// nobody listens. It looks at numbers rather than hearing events, as Celery's workers send none unless told to:
///
///     {"type":"tasks_changed","changed":["tasks","queues","workers","dead","schedules"],
///      "counts":{"waiting":3,"running":2,"scheduled":0,"parked":0,"dead":1,"workers":1,"states":{"SUCCESS":7}}}
///
/// `changed` names what is to be read anew. It is in no history: whoever subscribes reads everything once, and the first
/// to subscribe is told that everything has changed. Tasks that never were in the ledger show in the counts alone.
struct TaskNews: Sendable {
    /// Only for those who may read tasks.
    static let topic = "tasks"
    private static let look = Duration.milliseconds(250)
    /// Until it is seen that somebody listens.
    private static let rest = Duration.milliseconds(500)

    let services: APIServices
    let logger: Logger

    /// Tells until cancelled.
    func run() async {
        var known: TaskCensus?
        while !Task.isCancelled {
            let isHeard = await services.hub.isHeard(Self.topic)
            if isHeard { await tell(&known) } else { known = nil }
            do { try await ContinuousClock().sleep(for: isHeard ? Self.look : Self.rest) } catch { return }
        }
    }

    private func tell(_ known: inout TaskCensus?) async {
        do {
            let now = try await TaskCensus(services)
            let changed = now.changes(since: known)
            known = now
            guard !changed.isEmpty else { return }
            let data: JSONObject = [
                "type": "tasks_changed", "changed": .array(changed.map { .string($0.rawValue) }), "counts": now.counts,
            ]
            // For a client that reads slowly the last of those with the same words is enough.
            let name = ([Self.topic] + changed.map(\.rawValue)).joined(separator: "|")
            services.hub.publish(
                RelayMessage(topics: [Self.topic], data: JSONValue.object(data).encoded(), supersedes: name))
        } catch {
            // Redis is away, or the file is busy: what changes meanwhile shows at the next look.
            logger.debug("Nothing is told of tasks", metadata: ["error": "\(error)"])
        }
    }
}

/// A few numbers by which one can tell whether tasks, queues, workers, dead letters and schedules are what they were.
struct TaskCensus: Sendable {
    /// What pages show, each by itself.
    enum Part: String, CaseIterable, Sendable {
        case tasks, queues, workers, dead, schedules
    }

    /// Equal as long as nothing has changed.
    private let marks: [Part: String]
    /// For pages that show no more than numbers.
    let counts: JSONValue

    init(_ services: APIServices) async throws {
        async let overview = services.queue.overview()
        async let workers = Fleet(services: services).workers()
        async let newest = services.redis.send("ZRANGE", RedisArgument(services.queue.keys.dead), -1, -1, "WITHSCORES")
        let totals = try await services.catalog.ledger.totals()
        let schedules = try await services.catalog.schedules.mark()
        let queues = try await overview, fleet = try await workers
        let last = (try await newest.array ?? []).map { $0.string ?? "" }
        marks = [
            .tasks: totals.map { "\($0.state.rawValue):\($0.tasks):\($0.bytes)" }.joined(separator: " ")
                + " \(queues.running) \(queues.scheduled) \(queues.parked)",
            .queues: queues.queues.map { "\($0.name):\($0.waiting)" }.joined(separator: " ")
                + " \(queues.paused) \(queues.running) \(queues.scheduled) \(queues.parked) \(queues.dead)",
            .workers: JSONValue.array(fleet.map { .object($0.json) }).text,
            .dead: "\(queues.dead) \(last)",
            .schedules: schedules,
        ]
        var states = JSONObject()
        for total in totals { states[total.state.name] = .int(total.tasks) }
        counts = [
            "waiting": .int(queues.queues.reduce(0) { $0 + $1.waiting }), "running": .int(queues.running),
            "scheduled": .int(queues.scheduled), "parked": .int(queues.parked), "dead": .int(queues.dead),
            "workers": .int(fleet.count), "states": .object(states),
        ]
    }

    /// What is not as it was; everything when nothing is known of what was.
    func changes(since old: TaskCensus?) -> [Part] {
        Part.allCases.filter { marks[$0] != old?.marks[$0] }
    }
}
