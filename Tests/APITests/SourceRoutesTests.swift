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

@Suite("Source, schedule and queue routes", .timeLimit(.minutes(1))) struct SourceRoutesTests {
    /// The messages that wait in the default queue, oldest first.
    private func sent(_ fixture: APIFixture) async throws -> [TaskMessage] {
        let lines = try await fixture.services.redis.send("LRANGE", "celery", 0, -1).array ?? []
        return try lines.compactMap(\.bytes).reversed().map { try TaskMessage(decoding: $0) }
    }

    @Test func `an account is made, shown, changed and removed`() async throws {
        try await APIFixture.withServer { fixture, client in
            let made = try await client.send(
                .post, "/api/m3u/accounts/",
                json: [
                    "name": "Home", "server_url": "http://tv.example/list.m3u", "refresh_interval": 6, "locked": true,
                    "status": "success", "id": 99,
                ])
            #expect(made.status == 201, "\(made.text)")
            let id = try #require(made.json["id"]?.int)
            #expect(id != 99 && made.json["locked"] == false && made.json["status"] == "idle")
            #expect(made.json["account_type"] == "STD" && made.json["stale_stream_days"] == 7)
            #expect(made.json["profiles"]?[0]?["search_pattern"] == "^(.*)$")
            #expect(made.json["created_at"]?.string?.hasSuffix("Z") == true)
            let path = "/api/m3u/accounts/\(id)/"
            let changed = try await client.send(
                .patch, path, json: ["is_active": "false", "enable_vod": true, "cron_expression": "0 4 * * *"])
            #expect(changed.json["is_active"] == false && changed.json["status"] == "disabled")
            #expect(changed.json["enable_vod"] == true && changed.json["cron_expression"] == "0 4 * * *")
            #expect(changed.json["server_url"] == "http://tv.example/list.m3u")
            #expect(try await client.send(.get, path).json == changed.json)
            #expect(try await client.send(.get, "/api/m3u/accounts/").json.array?.count == 2)
            #expect(try await client.send(.delete, path).status == 204)
            #expect(try await client.send(.get, path).code == "account_not_found")
            #expect(try await client.send(.delete, path).status == 404)
        }
    }

    @Test func `streams are read page by page, their addresses by administrators only`() async throws {
        try await APIFixture.withServer { fixture, client in
            let account = try await fixture.services.catalog.m3uAccounts.create(M3UAccountDraft(name: "Home")).id
            let refresh = try await fixture.services.catalog.beginStreamRefresh(account: account)
            try await refresh.stage(
                (1...3).map {
                    StagedStream(hash: "\($0)", name: "Stream \($0)", url: "http://u:p@h/\($0)", group: "News")
                })
            _ = try await refresh.commit()
            let path = "/api/channels/streams/"
            let first = try await client.send(.get, "\(path)?limit=2&account=\(account)")
            #expect(first.status == 200, "\(first.text)")
            #expect(first.json["streams"]?.array?.count == 2)
            #expect(first.json["streams"]?[0]?["url"]?.string?.hasPrefix("http://u:p@h/") == true)
            #expect(first.json["streams"]?[0]?["channel_group"] == "News")
            let next = try #require(first.json["next"]?.string)
            let second = try await client.send(.get, "\(path)?limit=2&cursor=\(next)")
            #expect(second.json["streams"]?.array?.count == 1 && second.json["next"]?.isNull == true)
            #expect(try await client.send(.get, "\(path)?search=STREAM%202").json["streams"]?.array?.count == 1)
            let faulty = try await client.send(.get, "\(path)?limit=0&account=x&cursor=-&group=")
            #expect(faulty.status == 400 && faulty.code == "invalid_fields")
            for name in ["limit", "account", "cursor", "group"] {
                #expect(faulty.error?.contains("\(name): ") == true, "\(name)")
            }
        }
    }

    @Test func `every fault of a request is named at once`() async throws {
        try await APIFixture.withServer { fixture, client in
            let answer = try await client.send(
                .post, "/api/m3u/accounts/",
                json: [
                    "name": 7, "max_streams": -1, "is_active": "perhaps", "account_type": "FTP",
                    "custom_properties": "[]", "cron_expression": "at night",
                ])
            #expect(answer.status == 400 && answer.code == "invalid_fields")
            for field in ["name", "max_streams", "is_active", "account_type", "custom_properties", "cron_expression"] {
                #expect(answer.error?.contains("\(field): ") == true, "\(field)")
            }
            #expect(try await client.send(.post, "/api/m3u/accounts/", json: [:]).error == "name: required")
            let twin: JSONValue = ["name": "Twin"]
            #expect(try await client.send(.post, "/api/m3u/accounts/", json: twin).status == 201)
            #expect(try await client.send(.post, "/api/m3u/accounts/", json: twin).code == "duplicate")
            #expect(try await client.send(.delete, "/api/m3u/accounts/1/").code == "locked")
        }
    }

    @Test func `a playlist may come with the form`() async throws {
        try await APIFixture.withServer { fixture, client in
            let form = [
                "--B", #"Content-Disposition: form-data; name="name""#, "", "Uploaded", "--B",
                #"Content-Disposition: form-data; name="is_active""#, "", "true", "--B",
                #"Content-Disposition: form-data; name="file"; filename="list.m3u""#, "", "#EXTM3U", "--B--", "",
            ].joined(separator: "\r\n")
            let made = try await client.send(
                .post, "/api/m3u/accounts/", body: form, headers: [.contentType: "multipart/form-data; boundary=\"B\""])
            #expect(made.status == 201, "\(made.text)")
            let path = try #require(made.json["file_path"]?.string)
            #expect(path.contains("/uploads/m3us/") && path.hasSuffix("-list.m3u"))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "#EXTM3U")
        }
    }

    @Test func `refreshes are Celery tasks under Dispatcharr's names`() async throws {
        try await APIFixture.withServer { fixture, client in
            let all = try await client.send(.post, "/api/m3u/refresh/", json: [:])
            #expect(all.status == 202 && all.json["message"] == "M3U refresh initiated.")
            let one = try await client.send(.post, "/api/m3u/refresh/7/")
            #expect(one.status == 202 && one.json["message"] == "M3U account 7 refresh initiated.")
            let guide = try await client.send(
                .post, "/api/epg/sources/",
                json: ["name": "Guide", "source_type": "xmltv", "url": "http://tv.example/guide.xml"])
            let id = try #require(guide.json["id"]?.int)
            #expect(guide.json["epg_data_count"] == 0 && guide.json["has_channels"] == false)
            let again = try await client.send(.post, "/api/epg/import/", json: ["id": .int(id), "force": true])
            #expect(again.status == 202 && again.json["message"] == "EPG data refresh initiated.")
            let messages = try await sent(fixture)
            #expect(
                messages.map(\.headers.task) == [
                    "apps.m3u.tasks.refresh_m3u_accounts", "apps.m3u.tasks.refresh_single_m3u_account",
                    "apps.epg.tasks.refresh_epg_data", "apps.epg.tasks.refresh_epg_data",
                ])
            #expect(messages.map(\.body.args) == [[], [7], [.int(id)], [.int(id)]])
            #expect(messages[3].body.kwargs == ["force": true])
            #expect(again.json["task_id"] == JSONValue(messages[3].headers.id))
        }
    }

    @Test(arguments: ["/api/m3u/accounts/", "/api/epg/sources/"])
    func `a list that has not changed is not sent again`(path: String) async throws {
        try await APIFixture.withServer { fixture, client in
            let list = try await client.send(.get, path)
            let tag = try #require(list.headers[.eTag])
            let same = try await client.send(.get, path, headers: [.ifNoneMatch: tag])
            #expect(same.status == 304 && same.text.isEmpty)
            _ = try await client.send(.post, path, json: ["name": "New", "is_active": false])
            let changed = try await client.send(.get, path, headers: [.ifNoneMatch: tag])
            #expect(changed.status == 200 && changed.json.array?.count == (list.json.array?.count ?? 0) + 1)
        }
    }

    @Test func `a guide that is made up is not refreshed`() async throws {
        try await APIFixture.withServer { fixture, client in
            let made = try await client.send(
                .post, "/api/epg/sources/", json: ["name": "Dummy", "source_type": "dummy"])
            let id = try #require(made.json["id"])
            #expect(made.json["epg_data_count"] == 1)
            let answer = try await client.send(.post, "/api/epg/import/", json: ["id": id])
            #expect(answer.status == 400 && answer.error == "Dummy EPG sources do not require refreshing.")
            #expect(try await client.send(.post, "/api/epg/import/", json: ["id": 999]).status == 404)
            #expect(try await client.send(.post, "/api/epg/import/", json: [:]).code == "missing_id")
            #expect(try await sent(fixture).isEmpty)
        }
    }

    @Test func `intervals that nobody lives to see the end of are refused, and shown where they are`() async throws {
        try await APIFixture.withServer { fixture, client in
            for (every, period) in [(999_999_999, "days"), (1_000_000_000, "hours"), (400_000, "days")] {
                let rule: JSONValue = ["type": "interval", "every": .int(every), "period": .string(period)]
                let answer = try await client.send(.post, "/api/schedules/preview/", json: ["schedule": rule])
                #expect(answer.status == 422 && answer.code == "invalid_schedule", "\(answer)")
            }
            let long = try await client.send(
                .post, "/api/schedules/preview/",
                json: ["schedule": ["type": "interval", "every": 327_688, "period": "days"], "count": 100])
            let dates = try #require(long.json["firings"]?.array).compactMap { $0["at"]?.string }
            #expect(dates.count == 8 && dates.allSatisfy { $0.utf8.count == 27 }, "\(long)")
            // A row that another program has written.
            let made = try await client.send(
                .post, "/api/schedules/",
                json: ["name": "A", "task": "a", "schedule": ["type": "interval", "every": 5, "period": "days"]])
            let id = try #require(made.json["id"]?.int)
            for every in [999_999_999, Int(Int32.max), Int.max] {
                _ = try await fixture.services.catalog.schedules.update(
                    id, recurrence: .interval(every: every, period: .days))
                let shown = try await client.send(.get, "/api/schedules/\(id)/")
                #expect(shown.status == 200 && shown.json["next_run_at"] == .null, "\(shown)")
                #expect(shown.json["problem"]?.string?.contains("schedule.every") == true, "\(shown)")
                #expect(try await client.send(.get, "/api/schedules/\(id)/next/").json["firings"] == [])
            }
        }
    }

    @Test func `schedules show their next firing and can be changed`() async throws {
        try await APIFixture.withServer { fixture, client in
            _ = try await client.send(
                .post, "/api/m3u/accounts/", json: ["name": "Home", "server_url": "http://a/", "refresh_interval": 6])
            let list = try await client.send(.get, "/api/schedules/").json["schedules"]?.array ?? []
            let row = try #require(list.first { $0["task"] == "apps.m3u.tasks.refresh_single_m3u_account" })
            #expect(row["schedule"] == ["type": "interval", "every": 6, "period": "hours"])
            #expect(row["next_run_at"]?.string != nil && row["enabled"] == true)
            let path = "/api/schedules/\(try #require(row["id"]?.int))/"
            let nightly = try await client.send(
                .patch, path, json: ["crontab": "30 4 * * *", "timezone": "Europe/Berlin"])
            #expect(nightly.json["schedule"]?["timezone"] == "Europe/Berlin", "\(nightly.text)")
            #expect(nightly.json["next_run_at"]?.string?.contains(":30:00.000000Z") == true)
            let off = try await client.send(.patch, path, json: ["enabled": false])
            #expect(off.json["enabled"] == false && off.json["next_run_at"] == .null)
            let faults: [JSONValue] = [
                ["crontab": "0 0 30 2 *"], ["crontab": "* * *"], ["crontab": "0 4 * * *", "timezone": "Mars/Base"],
                ["interval": ["every": 0, "period": "hours"]], ["interval": ["every": 1, "period": "fortnights"]], [:],
            ]
            for body in faults {
                let answer = try await client.send(.patch, path, json: body)
                #expect([400, 422].contains(answer.status) && answer.code?.hasPrefix("invalid_") == true, "\(body)")
            }
            #expect(try await client.send(.patch, "/api/schedules/9999/", json: ["enabled": true]).status == 404)
        }
    }

    @Test func `workers are listed while their hearts beat`() async throws {
        try await APIFixture.withServer { fixture, client in
            #expect(try await client.send(.get, "/api/workers/").json == ["workers": []])
            let ready = RegisteredTask(name: "ready") { _, _, _ in true }
            try await fixture.withWorker([ready]) {
                let id = try await fixture.services.queue.send("ready")
                _ = try await fixture.services.queue.result(of: id, within: .seconds(10))
                let workers = try await client.send(.get, "/api/workers/").json["workers"]
                #expect(workers?[0]?["name"] == "test@here")
                let queues = try await client.send(.get, "/api/queues/")
                #expect(
                    queues.json["queues"]?[0]
                        == ["name": "celery", "waiting": 0, "paused": false, "consumers": ["test@here"]])
            }
        }
    }

    @Test func `a task can be cancelled before anybody takes it`() async throws {
        try await APIFixture.withServer { fixture, client in
            let id = try await fixture.services.queue.send("whatever")
            #expect(try await client.send(.delete, "/api/tasks/\(id)/").status == 202)
            try await fixture.withWorker([RegisteredTask(name: "whatever") { _, _, _ in "ran all the same" }]) {
                let result = try await fixture.services.queue.result(of: id, within: .seconds(10))
                #expect(result.state == .revoked)
                #expect(try await client.send(.get, "/api/tasks/\(id)/").json["state"] == "REVOKED")
            }
            let odd = try await client.send(.get, "/api/tasks/\(String(repeating: "x", count: 200))/")
            #expect(odd.status == 404 && odd.code == "task_not_found")
        }
    }
}
