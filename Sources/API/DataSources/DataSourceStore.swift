import CeleryProtocol
import Foundation
import Skirret
import SkirretRedis

/// The data sources that pages watch, in Redis: who watches, when each is asked next, and what it said last.
///
///     watched ── due ──▶ claimed ── task sent ──▶ asked ── answer ──▶ settled ── interval ──▶ due
///        │                  └───────── poller gone: 10 s ─────────▶ claimed by another, the same task
///        └── nobody watches any more ──▶ gone, the answer a minute later
///
/// The HASH of a source: `spec` (``DataSource/json``), `interval` and `fast_until` (milliseconds; until when somebody
/// wants it as short), `asked` (Unix milliseconds), `version`, `state` (`ok`, `error`) and `answer` (JSON), `failures` in
/// a row; while it is asked `token` (the claim), `task`, `sent` and, when somebody wants to know anew, `again`.
struct DataSourceStore: Sendable {
    /// How long a page counts as there; it says so again every ``renewal``.
    static let lease = Duration.seconds(30)
    static let renewal = Duration.seconds(10)
    /// How long a poller counts as there while it waits for an answer.
    static let claim = Duration.seconds(10)
    /// A page has a handful of sources, and a person some pages.
    static let mostOfOne = 100
    /// What a fleet asks for all its viewers together.
    static let mostOfAll = 500
    /// Seconds between two questions.
    static let intervals = 1.0...86_400.0
    private static let slack = Duration.milliseconds(500)
    private static let keep = Duration.seconds(60)
    /// The longest pause after failures.
    private static let slowest = Duration.seconds(60)

    let redis: RedisClient

    /// What a page learns when it begins to watch, and each time it says that it still does.
    struct Standing: Sendable {
        /// Of the newest answer; nil while there is none.
        var version: String?
        var isError: Bool
        /// The answer, unless it is the one that the page has.
        var answer: JSONValue?
        /// When the question that it answers was asked.
        var askedAt: Date?
    }

    enum Refusal: Error {
        case tooManyOfOne, tooManyOfAll
    }

    /// A source that is to be asked now, by nobody else.
    struct Claim: Sendable {
        let source: DataSource
        let token: String
        let task: TaskID
        /// Whether another poller has sent the task.
        let isSent: Bool
    }

    /// Puts down that somebody watches; what is known.
    ///
    /// - Throws: ``Refusal`` when there are too many; `RedisError`.
    func watch(
        _ source: DataSource, every interval: Duration, as watcher: String, of identity: String,
        knowing version: String,
        asksNow: Bool
    ) async throws -> Standing {
        let id = source.id
        let arguments: [RedisArgument] = [
            .init(id), .init(watcher), .init(source.json.encoded()), .init(interval.milliseconds),
            .init(Self.lease.milliseconds), .init(Self.mostOfOne), .init(Self.mostOfAll), .init(asksNow ? 1 : 0),
            .init(Self.slack.milliseconds), .init(version), .init(Self.keep.milliseconds),
            .init(Keys.sourceWishes),
        ]
        let reply = try await redis.run(Self.watchScript, keys: keys(id, identity), arguments: arguments)
        let parts = reply.array ?? []
        switch parts.first?.string {
        case "own": throw Refusal.tooManyOfOne
        case "all": throw Refusal.tooManyOfAll
        default: break
        }
        guard parts.count == 5 else { throw Self.unexpected("watch_source") }
        let version = parts[1].string ?? "", answer = parts[3].bytes ?? []
        return Standing(
            version: version.isEmpty ? nil : version, isError: parts[2].string == "error",
            answer: try answer.isEmpty ? JSONValue?.none : JSONValue(parsing: answer),
            askedAt: parts[4].string.flatMap(Double.init).map { Date(timeIntervalSince1970: $0 / 1000) })
    }

    /// Puts down that somebody watches no more.
    func leave(_ id: String, as watcher: String, of identity: String) async throws(RedisError) {
        _ = try await redis.run(Self.leaveScript, keys: keys(id, identity), arguments: [.init(id), .init(watcher)])
    }

    /// Sources that are due, and how long until the next one is; nil when none is watched.
    ///
    /// One round trip.
    func due(atMost count: Int) async throws -> (ids: [String], next: Duration?) {
        let replies = try await redis.pipeline([
            RedisCommand("TIME"),
            RedisCommand("ZRANGE", .init(Keys.dueSources), 0, .init(count), "WITHSCORES"),
        ])
        let time = (replies[0].array ?? []).compactMap { $0.string.flatMap(Int.init) }
        let now = time.count == 2 ? time[0] * 1000 + time[1] / 1000 : 0
        let flat = (replies[1].array ?? []).map { $0.string ?? "" }
        let all = stride(from: 0, to: flat.count - 1, by: 2).map { (id: flat[$0], at: Int(Double(flat[$0 + 1]) ?? 0)) }
        let next = all.first { $0.at > now }.map { Duration.milliseconds($0.at - now) }
        return (all.filter { $0.at <= now }.map(\.id), next)
    }

    /// Takes a source that is due, unless another poller does, or nobody watches it any more.
    func claim(_ id: String) async throws -> Claim? {
        let token = UUID().uuidString
        let reply = try await redis.run(
            Self.claimScript, keys: [Keys.dueSources, Keys.source(id), Keys.sourceWatchers(id)],
            arguments: [
                .init(id), .init(token), .init(Self.claim.milliseconds), .init(TaskID.random().rawValue),
                .init(Self.keep.milliseconds),
            ])
        guard let parts = reply.array, parts.count == 3 else { return nil }
        guard let source = DataSource(try JSONValue(parsing: parts[0].string ?? "")) else {
            throw Self.unexpected("claim_source")
        }
        return Claim(
            source: source, token: token, task: TaskID(rawValue: parts[1].string ?? ""), isSent: parts[2].int == 1)
    }

    /// Keeps a claim; `isSent` puts down that its task is on its way.
    ///
    /// - Returns: Whether it is still ours.
    func hold(_ claim: Claim, isSent: Bool) async throws(RedisError) -> Bool {
        let id = claim.source.id
        return try await redis.run(
            Self.holdScript, keys: [Keys.dueSources, Keys.source(id)],
            arguments: [
                .init(id), .init(claim.token), .init(Self.claim.milliseconds), .init(isSent ? 1 : 0),
                .init(Self.keep.milliseconds),
            ]
        ).int == 1
    }

    /// Keeps an answer, and tells it to those who listen if it is another one than the last.
    ///
    /// - Returns: Whether it was told.
    @discardableResult
    func settle(_ claim: Claim, _ answer: DataSourceAnswer) async throws(RedisError) -> Bool {
        let id = claim.source.id, version = answer.version, state = answer.isError ? "error" : "ok"
        let body = answer.body.encoded()
        var data: JSONObject = [
            "type": "source_data", "source": .string(DataSource.topics + id), "version": .string(version),
            "state": .string(state),
        ]
        if body.count <= DataSourceAnswer.mostToldBytes { data["answer"] = answer.body }
        let event: JSONValue = ["topic": .string(DataSource.topics + id), "data": .object(data)]
        return try await redis.run(
            Self.settleScript, keys: [Keys.dueSources, Keys.source(id)],
            arguments: [
                .init(id), .init(claim.token), .init(version), .init(state), .init(body), .init(Keys.passingEvents),
                .init(event.encoded()), .init(Self.slowest.milliseconds),
            ]
        ).int == 1
    }

    private static func unexpected(_ script: String) -> RedisError {
        RedisError(
            .protocolViolation, "\(script): Redis answered what the script does not",
            hint: "Do other versions of this server use the same Redis? Let all of them be the same.")
    }

    private func keys(_ id: String, _ identity: String) -> [String] {
        [
            Keys.dueSources, Keys.source(id), Keys.sourceWatchers(id), Keys.watchedSources(by: identity),
        ]
    }

    static let watchScript = RedisScript(name: "watch_source", source: PackageResources.watch_source_lua)
    static let leaveScript = RedisScript(
        name: "leave_source", source: PackageResources.leave_source_lua, isRepeatable: true)
    static let claimScript = RedisScript(name: "claim_source", source: PackageResources.claim_source_lua)
    static let holdScript = RedisScript(
        name: "hold_source", source: PackageResources.hold_source_lua, isRepeatable: true)
    static let settleScript = RedisScript(name: "settle_source", source: PackageResources.settle_source_lua)
}
