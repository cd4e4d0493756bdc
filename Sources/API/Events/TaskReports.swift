import CeleryProtocol
import Foundation
import Logging
import Relay
import Skirret
import SkirretRedis

/// Tells pages that have a task open how far it is and what it says, so that none of them has to ask.
///
/// One look at Redis for all tasks that anybody hears of on this relay (`task:<id>`), four times a second at the most and
/// never while nobody listens. Workers are asked nothing and write nothing more than they do anyway:
///
///     {"type":"task_report","task_id":"…","state":"STARTED","progress":{"percent":40,"message":"guide 2"},
///      "log":{"after":{"time":1.5,"level":"info","source":"x","message":"one"},"lines":[{…},{…}]}}
///
/// `state` and `progress` are as they stand, null while there are none. `log` is there when it grew, and goes on after the
/// record `after`, or at the beginning where that is null; `{"is_cut":true}` says that a frame cannot hold what came, and
/// that it is to be read anew. The first report of a task has no lines, only where they end. It is in no history: whoever
/// subscribes reads everything once, and what is told meanwhile fits behind it.
struct TaskReports: Sendable {
    /// Stands before a task's id; only for those who may read tasks.
    static let topics = "task:"
    private static let look = Duration.milliseconds(250)
    /// Until it is seen that somebody listens.
    private static let rest = Duration.milliseconds(500)
    /// Tasks in one pipeline.
    private static let atOnce = 256

    let services: APIServices
    let logger: Logger

    /// Tells until cancelled.
    func run() async {
        var known: [String: TaskReport] = [:]
        while !Task.isCancelled {
            let heard = await services.hub.heard(under: Self.topics)
            known = known.filter { heard.contains($0.key) }
            let topics = Array(heard)
            for start in stride(from: 0, to: topics.count, by: Self.atOnce) {
                await tell(topics[start..<min(start + Self.atOnce, topics.count)], &known)
            }
            do { try await ContinuousClock().sleep(for: heard.isEmpty ? Self.rest : Self.look) } catch { return }
        }
    }

    private func tell(_ topics: ArraySlice<String>, _ known: inout [String: TaskReport]) async {
        do {
            let ids = topics.map { TaskID(String($0.dropFirst(Self.topics.count))) }
            let now = Dictionary(uniqueKeysWithValues: zip(topics, try await TaskReport.read(ids, services.queue)))
            let grown = now.filter { topic, report in known[topic].map { report.hasOtherLog(than: $0) } ?? false }
            let tails = try await TaskReport.tails(grown, since: known, services.queue)
            for (topic, report) in now {
                let old = known[topic]
                let log = old == nil ? TaskReport.Lines.none(after: report.last) : tails[topic]
                known[topic] = log.map(report.ending) ?? report
                guard let data = report.news(since: old, log) else { continue }
                // States replace each other, for a client that reads slowly; lines never do.
                services.hub.publish(
                    RelayMessage(
                        topics: [topic], data: JSONValue.object(data).encoded(),
                        supersedes: data["log"] == nil ? topic : nil))
            }
        } catch {
            // Redis is away: what was written meanwhile shows at the next look.
            logger.debug("Nothing is told of running tasks", metadata: ["error": "\(error)"])
        }
    }
}

/// What Redis has of one task at one moment.
struct TaskReport: Sendable {
    /// What was added to a log.
    enum Lines: Sendable {
        /// Records as they are stored, after the one that was there before; nil: the log was empty.
        case added([[UInt8]], after: [UInt8]?)
        /// More than one frame holds, or what was there before is gone.
        case cut

        static func none(after record: [UInt8]?) -> Lines { .added([], after: record) }
    }

    /// Records in one frame: 200 lines a second are 50 in a look.
    static let mostLines = 256
    /// Bytes of them; a quarter of what may wait for one client.
    static let mostBytes = 256 * 1024

    let id: TaskID
    private let progress: [UInt8]?
    private let state: String?
    private var length: Int
    /// The newest record as it is stored; nil while there is none.
    private(set) var last: [UInt8]?

    /// Looks at many tasks: two round trips.
    static func read(_ ids: [TaskID], _ queue: TaskQueue) async throws -> [TaskReport] {
        let states = try await queue.backend.pipeline(
            // The beginning: a result may be long.
            ids.map { RedisCommand("GETRANGE", .init(queue.keys.result($0)), 0, 63) })
        let said = try await queue.redis.pipeline(
            ids.flatMap { id in
                [
                    RedisCommand("GET", .init(queue.keys.progress(id))),
                    RedisCommand("LLEN", .init(queue.keys.log(id))),
                    RedisCommand("LINDEX", .init(queue.keys.log(id)), -1),
                ]
            })
        return ids.indices.map { index in
            TaskReport(
                id: ids[index], progress: said[3 * index].bytes, state: state(states[index].string),
                length: said[3 * index + 1].int ?? 0, last: said[3 * index + 2].bytes)
        }
    }

    /// What was added to the logs of these since then: one round trip, none when there are none.
    static func tails(
        _ grown: [String: TaskReport], since known: [String: TaskReport], _ queue: TaskQueue
    ) async throws -> [String: Lines] {
        let grown = grown.compactMap { topic, now in known[topic].map { (topic, $0, now, now.reach(since: $0)) } }
        guard !grown.isEmpty else { return [:] }
        let replies = try await queue.redis.pipeline(
            grown.map { _, _, now, reach in RedisCommand("LRANGE", .init(queue.keys.log(now.id)), .init(-reach), -1) })
        var tails: [String: Lines] = [:]
        for ((topic, old, _, reach), reply) in zip(grown, replies) {
            tails[topic] = old.added(in: (reply.array ?? []).compactMap(\.bytes), reach: reach)
        }
        return tails
    }

    /// Celery and this library write the state first; a compressed result tells it to nobody here.
    private static func state(_ beginning: String?) -> String? {
        let words = (beginning ?? "").split(separator: "\"", maxSplits: 4, omittingEmptySubsequences: false)
        return words.count > 4 && words[1] == "status" ? String(words[3]) : nil
    }

    /// Whether there is anything in the log that was not in it, as far as one can tell without reading it.
    func hasOtherLog(than old: TaskReport) -> Bool { length != old.length || last != old.last }

    /// The same once these lines are known too, which may have come after it.
    func ending(_ lines: Lines) -> TaskReport {
        guard case .added(let records, _) = lines, let newest = records.last else { return self }
        var report = self
        report.last = newest
        return report
    }

    /// How many records from the end have what is new, and the one before; some more may come until they are read.
    private func reach(since old: TaskReport) -> Int {
        let grown = length < TaskLog.limit ? max(0, length - old.length) + 64 : Self.mostLines
        return 1 + min(grown, Self.mostLines)
    }

    private func added(in tail: [[UInt8]], reach: Int) -> Lines {
        let lines: ArraySlice<[UInt8]>
        if let last {
            guard let place = tail.lastIndex(of: last) else { return .cut }
            lines = tail[(place + 1)...]
        } else {
            guard tail.count < reach else { return .cut }
            lines = tail[...]
        }
        guard lines.reduce(0, { $0 + $1.count }) <= Self.mostBytes else { return .cut }
        return .added(Array(lines), after: last)
    }

    /// What to tell of it; nil when it is as it was.
    func news(since old: TaskReport?, _ log: Lines?) -> JSONObject? {
        var data: JSONObject = [
            "type": "task_report", "task_id": JSONValue(id), "state": JSONValue(state),
            "progress": progress.flatMap(Self.json) ?? .null,
        ]
        switch log {
        case .cut: data["log"] = ["is_cut": true]
        case .added(let lines, let before) where old == nil || !lines.isEmpty:
            data["log"] = [
                "after": before.flatMap(Self.json) ?? .null, "lines": .array(lines.compactMap(Self.json)),
            ]
        case .added, nil: break
        }
        let isNew = old.map { $0.progress != progress || $0.state != state } ?? true
        return isNew || data["log"] != nil ? data : nil
    }

    /// try?: what is no JSON is none of ours.
    private static func json(_ bytes: [UInt8]) -> JSONValue? { try? JSONValue(parsing: bytes) }
}
