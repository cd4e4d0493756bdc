import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Skirret
import SkirretRedis
import Testing

@testable import API

@Suite("Task, queue, worker, schedule and dead letter routes", .timeLimit(.minutes(1))) struct TaskRoutesTests {
    private static let add = RegisteredTask(name: "samples.add") { _, args, _ in
        .int(args.reduce(0) { $0 + ($1.int ?? 0) })
    }

    private func start(
        _ client: any TestClientProtocol, _ body: JSONValue, key: String? = nil
    ) async throws -> Answer {
        var headers = HTTPFields()
        headers[.idempotencyKey] = key
        return try await client.send(.post, "/api/tasks/", json: body, headers: headers)
    }

    @Test func `a task is started by name, found, shown and repeated`() async throws {
        try await APIFixture.withServer { fixture, client in
            let made = try await start(
                client, ["task": "samples.add", "args": [2, 3], "kwargs": ["note": "channel 42"], "priority": 3])
            #expect(made.status == 202, "\(made.text)")
            let id = try #require(made.json["task_id"]?.string)
            #expect(made.headers[.location] == "/api/tasks/\(id)/")
            let found = try await client.send(.get, "/api/tasks/?search=channel%2042&state=PENDING&name=samples.add")
            #expect(found.json["tasks"]?.array?.map { $0["task_id"] } == [.string(id)] && found.json["next"] == .null)
            #expect(try await client.send(.get, "/api/tasks/?search=channel%2043").json["tasks"] == [])
            try await fixture.withWorker([Self.add]) {
                let result = try await client.send(.get, "/api/tasks/\(id)/result/?wait=20")
                #expect(result.status == 200 && result.json["result"] == 5, "\(result.text)")
                let again = try await client.send(
                    .post, "/api/tasks/\(id)/replay/", json: ["kwargs": [:], "args": [4, 5]])
                let repeated = try #require(again.json["task_id"]?.string)
                #expect(again.status == 202 && repeated != id)
                let sum = try await client.send(.get, "/api/tasks/\(repeated)/result/?wait=20")
                #expect(sum.json["result"] == 9 && sum.json["ready"] == true, "\(sum.text)")
                let detail = try await client.send(.get, "/api/tasks/\(repeated)/").json
                #expect(detail["parents"] == [["task_id": .string(id), "relation": "replay"]])
                #expect(detail["timeline"]?[0]?["what"] == "accepted" && detail["args"] == [4, 5])
                let parent = try await client.send(.get, "/api/tasks/\(id)/").json
                #expect(parent["children"]?[0]?["task_id"] == .string(repeated))
                #expect(try await client.send(.get, "/api/tasks/\(repeated)/explain/").json["place"] == "finished")
            }
            let summary = try await client.send(.get, "/api/tasks/summary/").json
            #expect(summary["names"] == ["samples.add"] && summary["states"]?["PENDING"] == 2)
        }
    }

    @Test func `pages go on by their cursor`() async throws {
        try await APIFixture.withServer { fixture, client in
            for number in 0..<5 { _ = try await start(client, ["task": "n", "args": [.int(number)]]) }
            var cursor: String? = ""
            var pages: [Int] = []
            var ids: Set<String> = []
            while let next = cursor {
                let page = try await client.send(.get, "/api/tasks/?limit=2" + (next.isEmpty ? "" : "&cursor=\(next)"))
                let rows = page.json["tasks"]?.array ?? []
                pages.append(rows.count)
                ids.formUnion(rows.compactMap { $0["task_id"]?.string })
                cursor = page.json["next"]?.string
            }
            #expect(pages == [2, 2, 1] && ids.count == 5)
        }
    }

    @Test(arguments: [
        "limit=0", "limit=x", "limit=201", "state=DONE", "state=success", "cursor=!", "cursor=", "since=yesterday",
        "since=2026-11-22", "search=ab", "name=",
    ])
    func `a filter that is none names itself`(query: String) async throws {
        try await APIFixture.withServer { _, client in
            let answer = try await client.send(.get, "/api/tasks/?\(query)")
            #expect(answer.status == 400 && answer.code == "invalid_fields", "\(answer.text)")
            #expect(answer.error?.hasPrefix(String(query.prefix { $0 != "=" })) == true)
        }
    }

    @Test(
        arguments: [
            [:], ["task": ""], ["task": "two words"], ["task": 7], ["task": "a", "args": [:]],
            ["task": "a", "kwargs": []],
            ["task": "a", "priority": 10], ["task": "a", "priority": "3"], ["task": "a", "queue": "a b"],
            ["task": "a", "countdown": -1], ["task": "a", "eta": "soon"], ["task": "a", "expires": 0],
        ] as [JSONValue])
    func `a call that is none is refused with its field`(body: JSONValue) async throws {
        try await APIFixture.withServer { fixture, client in
            let answer = try await start(client, body)
            #expect(answer.status == 400 && answer.code == "invalid_fields", "\(answer.text)")
            #expect(try await fixture.services.ledger.table.page(LedgerQuery()).isEmpty)
        }
    }

    @Test func `L7 and A15: fifty requests with one key are one task, and another body is refused`() async throws {
        try await APIFixture.withServer { fixture, client in
            let ids = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await start(client, ["task": "samples.add", "args": [1]], key: "k1").json["task_id"]?.string
                    }
                }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(ids.count == 1 && ids.first != .some(nil))
            let other = try await start(client, ["task": "samples.add", "args": [2]], key: "k1")
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
            // Remembered on disk: neither a new process nor an empty Redis starts it again.
            _ = try await fixture.services.redis.send("FLUSHALL")
            let later = try await start(client, ["task": "samples.add", "args": [1]], key: "k1")
            #expect(later.json["task_id"]?.string == ids.first)
            #expect(try await fixture.services.ledger.table.page(LedgerQuery()).count == 1)
        }
    }

    @Test func `polled lists answer 304 while they are the same`() async throws {
        try await APIFixture.withServer { fixture, client in
            for path in [
                "/api/tasks/", "/api/queues/", "/api/workers/", "/api/schedules/", "/api/dead/", "/api/schema/",
            ] {
                let first = try await client.send(.get, path)
                let tag = try #require(first.headers[.eTag], "\(path)")
                let again = try await client.send(.get, path, headers: [.ifNoneMatch: "W/\(tag), \"x\""])
                #expect(again.status == 304 && again.text.isEmpty && again.headers[.eTag] == tag, "\(path)")
            }
            let tag = try await client.send(.get, "/api/tasks/").headers[.eTag] ?? ""
            _ = try await start(client, ["task": "samples.add"])
            #expect(try await client.send(.get, "/api/tasks/", headers: [.ifNoneMatch: tag]).status == 200)
        }
    }

    @Test func `nobody's task is 404, and everybody's can be explained`() async throws {
        try await APIFixture.withServer { fixture, client in
            for path in ["", "result/", "explain/"] {
                let answer = try await client.send(.get, "/api/tasks/no-such-task/\(path)")
                #expect(answer.status == 404 && answer.code == "task_not_found", "\(path)")
            }
            #expect(try await client.send(.post, "/api/tasks/no-such-task/replay/", json: [:]).status == 404)
            let other = try await fixture.services.queue.send("somebody.elses")
            let shown = try await client.send(.get, "/api/tasks/\(other)/")
            #expect(shown.status == 200 && shown.json["state"] == "PENDING")
            let replay = try await client.send(.post, "/api/tasks/\(other)/replay/", json: [:])
            #expect(replay.status == 409 && replay.code == "not_replayable")
            #expect(try await client.send(.get, "/api/tasks/\(other)/explain/").json["place"] == "queued")
        }
    }

    @Test func `a queue is paused, resumed, and purged only by its name`() async throws {
        try await APIFixture.withServer { fixture, client in
            var ids: [String] = []
            for _ in 0..<3 {
                ids.append(
                    try #require(try await start(client, ["task": "a", "queue": "slow"]).json["task_id"]?.string))
            }
            let path = "/api/queues/slow"
            #expect(try await client.send(.post, "\(path)/pause/").json["paused"] == true)
            #expect(try await client.send(.get, "\(path)/").json["paused"] == true)
            #expect(try await client.send(.post, "\(path)/resume/").json["paused"] == false)
            let hasty = try await client.send(.post, "\(path)/purge/", json: ["confirm": "celery"])
            #expect(hasty.status == 409 && hasty.code == "confirmation_required")
            let purged = try await client.send(.post, "\(path)/purge/", json: ["confirm": "slow"])
            #expect(purged.json == ["success": true, "purged": 3, "left": 0])
            for id in ids { #expect(try await client.send(.get, "/api/tasks/\(id)/").json["state"] == "REVOKED") }
            #expect(try await client.send(.get, "/api/queues/unheard-of/").code == "queue_not_found")
        }
    }

    @Test func `a worker shows itself, and refuses what it does not allow`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.withWorker([Self.add]) {
                let id = try #require(
                    try await start(client, ["task": "samples.add", "args": [1, 1]]).json["task_id"]?.string)
                _ = try await client.send(.get, "/api/tasks/\(id)/result/?wait=20")
                let one = try await client.send(.get, "/api/workers/test@here/")
                #expect(one.json["stats"]?["total"]?["samples.add"] == 1, "\(one.text)")
                #expect((one.json["memory_bytes"]?.int ?? 0) > 1_000_000 && one.json["slots"]?.int != nil)
                for command in ["quiet", "stop"] {
                    let answer = try await client.send(.post, "/api/workers/test@here/\(command)/")
                    #expect(answer.status == 409 && answer.code == "worker_refused")
                    #expect(answer.error?.contains("--remote-control") == true)
                }
                #expect(try await client.send(.get, "/api/workers/nobody/").code == "worker_not_found")
            }
        }
    }

    @Test func `a schedule is made, previewed, changed, run and removed`() async throws {
        try await APIFixture.withServer { fixture, client in
            let rule: JSONValue = ["type": "crontab", "crontab": "30 2 * * *", "timezone": "Europe/Berlin"]
            let preview = try await client.send(
                .post, "/api/schedules/preview/", json: ["schedule": rule, "count": 100])
            #expect(preview.json["firings"]?.array?.count == 100, "\(preview.text)")
            let year = try await client.send(
                .post, "/api/schedules/preview/",
                json: [
                    "schedule": ["type": "crontab", "crontab": "30 2 * 3,10 sun", "timezone": "Europe/Berlin"],
                    "count": 50,
                ])
            let shifts = (year.json["firings"]?.array ?? []).compactMap { $0["shift"]?.string }
            #expect(shifts.contains("gap") && shifts.contains("fold"))
            let made = try await client.send(
                .post, "/api/schedules/",
                json: [
                    "name": "nightly", "task": "samples.add", "args": [1, 2], "schedule": rule, "missed": "all",
                    "queue": "slow", "expire_seconds": 600,
                ])
            #expect(made.status == 201 && made.json["missed"] == "all", "\(made.text)")
            let id = try #require(made.json["id"]?.int)
            let path = "/api/schedules/\(id)"
            #expect(made.headers[.location] == "\(path)/")
            #expect(try await client.send(.get, "\(path)/").json == made.json)
            let twice = try await client.send(
                .post, "/api/schedules/", json: ["name": "nightly", "task": "x", "schedule": rule])
            #expect(twice.status == 409 && twice.code == "duplicate")
            let changed = try await client.send(
                .patch, "\(path)/", json: ["args": [5], "queue": nil, "enabled": false, "overlap": "skip"])
            #expect(changed.json["args"] == [5] && changed.json["queue"] == .null && changed.json["missed"] == "all")
            #expect(changed.json["overlap"] == "skip" && changed.json["schedule"] == made.json["schedule"])
            for body: JSONValue in [
                ["schedule": ["type": "crontab", "crontab": "0 0 30 2 *"]], ["priority": 12], ["missed": "never"],
                ["name": ""], ["expire_seconds": 0], ["args": 3],
            ] {
                let answer = try await client.send(.patch, "\(path)/", json: body)
                #expect(
                    [400, 422].contains(answer.status) && answer.code?.hasPrefix("invalid_") == true,
                    "\(body.text) \(answer.text)")
            }
            let next = try await client.send(.get, "\(path)/next/?count=3")
            #expect(next.json["firings"] == [], "it is switched off")
            let run = try await client.send(.post, "\(path)/run/")
            let task = try #require(run.json["task_id"]?.string)
            #expect(try await client.send(.get, "/api/tasks/\(task)/").json["schedule"] == "nightly")
            #expect(try await client.send(.delete, "\(path)/").status == 204)
            #expect(try await client.send(.get, "\(path)/").code == "schedule_not_found")
        }
    }

    @Test func `dead letters are grouped, mended, replayed at a rate and discarded`() async throws {
        try await APIFixture.withServer { fixture, client in
            // Nobody can decode these, whichever worker takes them.
            for number in 0..<6 {
                _ = try await fixture.services.redis.send(
                    "LPUSH", "celery", .init(#"{"body": "not base64 \#(number)", "headers": {}, "properties": {}}"#))
            }
            try await fixture.withWorker([Self.add]) {
                let end = ContinuousClock.now + .seconds(20)
                while try await client.send(.get, "/api/dead/").json["total"] != 6 {
                    try #require(ContinuousClock.now < end)
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            let list = try await client.send(.get, "/api/dead/?limit=2").json
            #expect(list["letters"]?.array?.count == 2 && list["groups"]?[0]?["count"] == 6)
            let fingerprint = try #require(list["groups"]?[0]?["fingerprint"])
            let letter = try #require(list["letters"]?[0]?["id"]?.string)
            #expect(try await client.send(.get, "/api/dead/\(letter)/").json["message"]?.string?.isEmpty == false)
            let edited = try await client.send(.post, "/api/dead/\(letter)/replay/", json: ["args": [1]])
            #expect(edited.status == 409 && edited.code == "letter_unreadable", "\(edited.text)")
            #expect(try await client.send(.post, "/api/dead/replay/", json: [:]).code == "nothing_chosen")
            let trial = try await client.send(
                .post, "/api/dead/replay/", json: ["fingerprint": fingerprint, "rate": 2, "dry_run": true])
            #expect(trial.json == ["success": true, "matched": 6, "replayed": 0, "seconds": 2.5], "\(trial.text)")
            let sent = try await client.send(
                .post, "/api/dead/replay/", json: ["fingerprint": fingerprint, "rate": 0.01, "limit": 3])
            #expect(sent.json["replayed"] == 3)
            #expect(try await fixture.services.redis.send("LLEN", "celery").int == 1)
            #expect(try await fixture.services.redis.send("ZCARD", "skirret:scheduled").int == 2)
            #expect(try await client.send(.delete, "/api/dead/\(letter)/").status == 404)
            let gone = try await client.send(.post, "/api/dead/discard/", json: ["all": true])
            #expect(gone.json["discarded"] == 3)
        }
    }
}

@Suite("API description", .timeLimit(.minutes(1))) struct SchemaTests {
    @Test func `every endpoint is described, and nothing else is`() async throws {
        try await APIFixture.withServer { fixture, client in
            let document = try await client.send(.get, "/api/schema/").json
            #expect(document["openapi"] == "3.1.0")
            var described: Set<String> = []
            for (path, item) in document["paths"]?.object ?? [:] {
                for (method, operation) in item.object ?? [:] {
                    described.insert("\(method.uppercased()) \(path)")
                    #expect(operation["summary"]?.string?.isEmpty == false, "\(method) \(path) has no summary")
                    let answers = operation["responses"]?.object ?? [:]
                    #expect(answers.count > 1, "\(method) \(path) has no answer")
                }
            }
            let routed = fixture.server.allEndpoints.map {
                "\($0.method.rawValue) \(OpenAPIDocument.template($0.path))"
            }
            #expect(described == Set(routed))
            #expect(routed.count == described.count, "an address and method twice")
        }
    }
}
