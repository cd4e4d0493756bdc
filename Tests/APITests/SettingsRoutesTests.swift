import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import API

@Suite("Settings routes", .timeLimit(.minutes(1))) struct SettingsRoutesTests {
    private let path = "/api/core/settings/"

    @Test func `the groups are listed, and found by number and by key`() async throws {
        try await APIFixture.withServer { fixture, client in
            let list = try await client.send(.get, path)
            let rows = try #require(list.json.array)
            #expect(rows.count == 9 && rows[0]["key"] == "stream_settings" && rows[0]["name"] == "Stream Settings")
            let row = try #require(rows.first { $0["key"] == "system_settings" })
            #expect(row["value"]?["time_zone"] == "UTC")
            let id = try #require(row["id"]?.int)
            #expect(try await client.send(.get, "\(path)\(id)/").json == row)
            #expect(try await client.send(.get, "\(path)system_settings/").json == row)
            let absent = try await client.send(.get, "\(path)nothing/")
            #expect(absent.status == 404 && absent.code == "settings_not_found")
            let tag = try #require(list.headers[.eTag])
            #expect(try await client.send(.get, path, headers: [.ifNoneMatch: tag]).status == 304)
            _ = try await client.send(.patch, "\(path)\(id)/", json: ["value": ["max_system_events": 7]])
            #expect(try await client.send(.get, path, headers: [.ifNoneMatch: tag]).status == 200)
        }
    }

    @Test func `what is said of backups moves their schedule`() async throws {
        try await APIFixture.withServer { fixture, client in
            let one = "\(path)backup_settings/"
            let patched = try await client.send(
                .patch, one, json: ["value": ["schedule_time": "04:30", "retention_count": 7]])
            #expect(patched.status == 200, "\(patched)")
            func row() async throws -> JSONValue? {
                let all = try await client.send(.get, "/api/schedules/")
                return all.json["schedules"]?.array?.first { $0["name"] == "backup-scheduled-task" }
            }
            let schedule = try #require(try await row())
            #expect(schedule["kwargs"] == ["retention_count": 7] && schedule["enabled"] == true, "\(schedule)")
            #expect(schedule.text.contains("30 4 * * *"), "\(schedule)")
            let off = try await client.send(.patch, one, json: ["value": ["schedule_enabled": false]])
            #expect(off.status == 200)
            #expect(try await row() == nil)
        }
    }

    @Test func `PATCH changes some settings, PUT replaces them all`() async throws {
        try await APIFixture.withServer { fixture, client in
            let one = "\(path)epg_settings/"
            let patched = try await client.send(.patch, one, json: ["value": ["epg_match_mode": "advanced"]])
            #expect(patched.status == 200, "\(patched)")
            #expect(patched.json["value"]?["epg_match_mode"] == "advanced")
            #expect(patched.json["value"]?["epg_match_ignore_prefixes"] == [])
            let put = try await client.send(
                .put, one, json: ["key": "epg_settings", "name": "Guides", "value": ["epg_match_mode": "default"]])
            #expect(put.json["name"] == "Guides" && put.json["value"] == ["epg_match_mode": "default"], "\(put)")
            #expect(try await client.send(.get, one).json == put.json)
            let renamed = try await client.send(.patch, one, json: ["name": "EPG Settings"])
            #expect(renamed.json["name"] == "EPG Settings" && renamed.json["value"] == put.json["value"])
            let other = try await client.send(.put, one, json: ["key": "dvr_settings", "value": [:]])
            #expect(other.status == 422 && other.code == "key_fixed")
            #expect(try await client.send(.put, one, json: [:]).error == "value: required")
            #expect(try await client.send(.patch, one, json: [:]).error == "value: required")
            #expect(try await client.send(.put, one, json: ["value": []]).code == "invalid_fields")
        }
    }

    @Test func `a setting that cannot be is refused, and the answer says what can`() async throws {
        let faulty: [(group: String, name: String, value: JSONValue)] = [
            ("system_settings", "time_zone", "Mars/Base"), ("system_settings", "max_system_events", "100"),
            ("system_settings", "catchup_enabled", "true"), ("system_settings", "catchup_enabled", 1),
            ("stream_settings", "m3u_hash_key", "url,colour"), ("stream_settings", "m3u_hash_key", ""),
            ("stream_settings", "default_user_agent", 0), ("proxy_settings", "buffering_speed", 0),
            ("proxy_settings", "buffering_speed", true), ("proxy_settings", "redis_chunk_ttl", 9),
            ("epg_settings", "epg_match_mode", "magic"), ("epg_settings", "epg_match_ignore_prefixes", ["HD:", 4]),
            ("dvr_settings", "tv_template", ""), ("dvr_settings", "series_rules", [1]),
            ("dvr_settings", "pre_offset_minutes", -1), ("backup_settings", "schedule_time", "3:00"),
            ("backup_settings", "schedule_time", "24:00"), ("backup_settings", "schedule_cron_expression", "* * *"),
            ("network_access", "UI", "10.0.0.0/33"), ("network_access", "ANYTHING", "home"),
            ("network_access", "UI", 4),
            ("user_limit_settings", "terminate_oldest", nil), ("plugin_repo_settings", "refresh_interval_hours", 0.5),
        ]
        try await APIFixture.withServer { fixture, client in
            let before = try await client.send(.get, path).json
            for (group, name, value) in faulty {
                var settings = JSONObject()
                settings[name] = value
                let answer = try await client.send(
                    .patch, "\(path)\(group)/", json: ["value": .object(settings)])
                #expect(answer.status == 422 && answer.code == "invalid_fields", "\(answer)")
                #expect(answer.error?.hasPrefix("\(group).\(name): expected ") == true, "\(answer)")
            }
            #expect(try await client.send(.get, path).json == before)
        }
    }

    @Test func `every setting of a fresh database is one that may be saved`() async throws {
        try await APIFixture.withServer { fixture, client in
            for row in try await client.send(.get, path).json.array ?? [] {
                let id = try #require(row["id"]?.int)
                let answer = try await client.send(.put, "\(path)\(id)/", json: row)
                #expect(answer.status == 200 && answer.json == row, "\(answer)")
            }
            let networks: JSONValue = ["UI": "192.168.0.0/16, ::1/128,127.0.0.1", "STREAMS": ""]
            let saved = try await client.send(.put, "\(path)network_access/", json: ["value": networks])
            #expect(saved.json["value"] == networks, "\(saved)")
            let closed = try await client.send(
                .patch, "\(path)network_access/", json: ["value": ["UI": "192.168.0.0/16"]])
            #expect(closed.status == 400, "\(closed)")
            #expect(try await client.send(.get, "\(path)network_access/").json == saved.json)
            #expect(try await fixture.takeMessage() == nil)
        }
    }

    @Test func `what follows from a setting is done again`() async throws {
        try await APIFixture.withServer { fixture, client in
            _ = try await client.send(.patch, "\(path)stream_settings/", json: ["value": ["m3u_hash_key": "name, url"]])
            let rehash = try #require(try await fixture.takeMessage())
            #expect(rehash.headers.task == "core.tasks.rehash_streams" && rehash.body.args == [["name", "url"]])
            _ = try await client.send(.patch, "\(path)dvr_settings/", json: ["value": ["pre_offset_minutes": 2]])
            let moved = try #require(try await fixture.takeMessage())
            #expect(
                moved.headers.task == "apps.channels.tasks.reschedule_upcoming_recordings_for_offset_change")
            _ = try await client.send(.patch, "\(path)dvr_settings/", json: ["value": ["pre_offset_minutes": 2]])
            #expect(try await fixture.takeMessage() == nil)
            let zone = try await client.send(
                .patch, "\(path)system_settings/", json: ["value": ["time_zone": "Asia/Tokyo"]])
            #expect(zone.status == 200)
            #expect(try await fixture.services.catalog.settings.timeZone() == "Asia/Tokyo")
        }
    }

    @Test func `groups of one's own come and go, the server's stay`() async throws {
        try await APIFixture.withServer { fixture, client in
            let made = try await client.send(.post, path, json: ["key": "my_plugin", "value": ["colour": "red"]])
            #expect(made.status == 201 && made.json["name"] == "My Plugin", "\(made)")
            let again = try await client.send(.post, path, json: ["key": "my_plugin", "value": [:]])
            #expect(again.status == 409 && again.code == "duplicate")
            let faulty = try await client.send(.post, path, json: ["key": "a b", "name": ""])
            for fault in ["key: ", "name: ", "value: "] { #expect(faulty.error?.contains(fault) == true, "\(faulty)") }
            #expect(try await client.send(.delete, "\(path)my_plugin/").status == 204)
            #expect(try await client.send(.delete, "\(path)my_plugin/").status == 404)
            let locked = try await client.send(.delete, "\(path)stream_settings/")
            #expect(locked.status == 403 && locked.code == "locked")
        }
    }

    @Test func `the server says what it is`() async throws {
        try await APIFixture.withServer { fixture, client in
            let version = try await client.send(.get, "/api/core/version/", isAdmin: false)
            #expect(version.json["version"] == "0.29.0" && version.json["server"] == "Skirret", "\(version)")
            #expect(try await client.send(.get, "/api/core/settings/env/", isAdmin: false).status == 401)
            let environment = try await client.send(.get, "/api/core/settings/env/").json
            #expect(environment["authenticated"] == true && environment["redis_tls"]?["enabled"] == false)
            let zones = try await client.send(.get, "/api/core/timezones/").json
            #expect(zones["timezones"]?.array?.contains("Europe/Berlin") == true)
            #expect(zones["grouped"]?["Other"]?.array?.contains("UTC") == true)
        }
    }
}
