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

@Suite("Plugin routes", .timeLimit(.minutes(1))) struct PluginRoutesTests {
    private static let source = """
        class Plugin:
            name = "My Plugin"
            version = "1.2.0"
            description = "Does work"
            fields = [{"id": "limit", "label": "Limit", "type": "number", "default": 5}]
            actions = [{"id": "do_work", "label": "Do Work"}]
            ui = {"pages": [], "dataSources": {"state": {"type": "resource", "resource": "state", "allowDisabled": True}}}
            open("/should/never/run", "w")

        """

    /// Stands in for the plugin host: says what it was called with.
    private static let tasks: [RegisteredTask] = [
        RegisteredTask(name: TaskNames.runAction) { _, args, _ in
            switch args[1].string {
            case "fail": throw TaskFailure.builtin("ValueError", "boom")
            case "forbidden": throw TaskFailure.builtin("PermissionError", "Plugin 'my_plugin' is disabled")
            case "gone": throw TaskFailure.builtin("ValueError", "Plugin 'my_plugin' not found")
            case "read":
                let file = try #require(args[3]["upload"]?[0])
                let text = try String(contentsOfFile: try #require(file["path"]?.string), encoding: .utf8)
                return ["text": .string(text), "file": file, "params": args[2]]
            default: return ["status": "ok", "args": .array(args)]
            }
        },
        RegisteredTask(name: TaskNames.resolveResource) { _, args, _ in .array(args) },
        RegisteredTask(name: TaskNames.describe) { _, _, _ in
            [
                "name": "My Plugin", "actions": [["id": "computed", "label": "Computed"]], "fields": [],
                "ui_schema": nil,
            ]
        },
        RegisteredTask(name: TaskNames.stop) { _, _, _ in nil },
    ]

    private func install(_ fixture: APIFixture, folder: String = "my_plugin") throws {
        let path = fixture.pluginsFolder.appending(path: folder)
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
        try Data(Self.source.utf8).write(to: path.appending(path: "plugin.py"))
    }

    private static let run = "/api/plugins/plugins/my_plugin/run/"

    @Test func `a plugin that was dropped in is listed, disabled, and not a line of it has run`() async throws {
        try await APIFixture.withServer { fixture, client in
            #expect(try await client.send(.get, "/api/plugins/plugins/").json == ["plugins": []])
            try install(fixture)
            let reload = try await client.send(.post, "/api/plugins/plugins/reload/", json: [:])
            #expect(reload.json == ["success": true, "count": 1])
            let row = try #require(try await client.send(.get, "/api/plugins/plugins/").json["plugins"]?[0]?.object)
            #expect(row["key"] == "my_plugin" && row["name"] == "My Plugin" && row["version"] == "1.2.0")
            #expect(row["enabled"] == false && row["ever_enabled"] == false && row["trusted"] == false)
            #expect(row["missing"] == false && row["legacy"] == true && row["loaded"] == false)
            #expect(row["actions"]?[0]?["id"] == "do_work" && row["fields"]?[0]?["id"] == "limit")
            #expect(row["ui_schema"]?["dataSources"]?["state"]?["resource"] == "state")
            #expect(row["logo_url"] == .null && row["settings"] == [:])
        }
    }

    @Test func `running needs a plugin, its permission and an action`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            let missing = try await client.send(.post, "/api/plugins/plugins/nobody/run/", json: ["action": "x"])
            #expect(missing.status == 404 && missing.error == "Plugin not found" && missing.code == "plugin_not_found")
            let disabled = try await client.send(.post, Self.run, json: ["action": "do_work"])
            #expect(
                disabled.status == 403 && disabled.error == "Plugin is disabled" && disabled.code == "plugin_disabled")
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", true)
            let action = try await client.send(.post, Self.run, json: [:])
            #expect(action.status == 400 && action.error == "Missing 'action'")
        }
    }

    @Test func `an action's result is the answer`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            try await fixture.withWorker(Self.tasks) {
                let on = try await client.send(
                    .post, "/api/plugins/plugins/my_plugin/enabled/", json: ["enabled": "yes"])
                #expect(on.json["enabled"] == true && on.json["ever_enabled"] == true)
                // Enabling loads the code, and what it computes is what is shown from then on.
                #expect(on.json["plugin"]?["actions"]?[0]?["id"] == "computed")
                let done = try await client.send(.post, Self.run, json: ["action": "do_work", "params": ["a": 1.0]])
                #expect(done.status == 200)
                #expect(done.text.contains(#""args":["my_plugin","do_work",{"a":1.0},{}]"#))
                for (params, expected) in [
                    ("[[\"a\",1]]", #"{"a":1}"#), ("\"{\\\"a\\\":1}\"", #"{"a":1}"#), ("7", #"{"value":7}"#),
                    ("null", "{}"),
                ] {
                    let answer = try await client.send(
                        .post, Self.run, body: #"{"action":"do_work","params":\#(params)}"#,
                        headers: [.contentType: "application/json"])
                    #expect(answer.json["result"]?["args"]?[2]?.text == expected)
                }
            }
        }
    }

    @Test func `a failure says what, and where to look`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            _ = try await client.send(.get, "/api/plugins/plugins/")
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", true)
            try await fixture.withWorker(Self.tasks) {
                let failed = try await client.send(.post, Self.run, json: ["action": "fail"])
                #expect(failed.status == 500 && failed.error == "boom" && failed.code == "plugin_failed")
                #expect(failed.json["exception"] == "ValueError")
                let id = try #require(failed.json["task_id"]?.string)
                let task = try await client.send(.get, "/api/tasks/\(id)/")
                #expect(task.json["state"] == "FAILURE" && task.json["ready"] == true)
                #expect(task.json["error"] == "ValueError: boom")
                let logs = try await client.send(.get, "/api/tasks/\(id)/logs/")
                #expect(logs.json["logs"]?.array != nil)
                #expect(try await client.send(.post, Self.run, json: ["action": "forbidden"]).status == 403)
                #expect(try await client.send(.post, Self.run, json: ["action": "gone"]).status == 404)
            }
        }
    }

    @Test func `who does not want to wait, or waits too long, gets the task's id`() async throws {
        try await APIFixture.withServer(change: { $0.runDeadline = .milliseconds(50) }) { fixture, client in
            try install(fixture)
            _ = try await client.send(.get, "/api/plugins/plugins/")
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", true)
            let slow = try await client.send(.post, Self.run, json: ["action": "do_work"])
            #expect(slow.status == 202 && slow.json["success"] == true)
            #expect(slow.headers[.preferenceApplied] == nil)
            let async = try await client.send(
                .post, Self.run, json: ["action": "do_work"], headers: [.prefer: "respond-async, wait=10"])
            let id = try #require(async.json["task_id"]?.string)
            #expect(async.status == 202 && async.headers[.location] == "/api/tasks/\(id)/")
            #expect(async.headers[.preferenceApplied] == "respond-async")
            let task = try await client.send(.get, "/api/tasks/\(id)/")
            #expect(task.json["state"] == "PENDING" && task.json["ready"] == false)
            let recent = try await client.send(.get, "/api/tasks/")
            #expect(recent.json["tasks"]?[0]?["task_id"] == .string(id))
            #expect(recent.json["tasks"]?[0]?["about"] == "my_plugin: do_work")
            let queues = try await client.send(.get, "/api/queues/")
            #expect(
                queues.json["queues"]
                    == [["name": "celery", "waiting": 2, "paused": false, "consumers": []]])
        }
    }

    @Test func `the same Idempotency-Key is one task and one answer`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            _ = try await client.send(.get, "/api/plugins/plugins/")
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", true)
            let headers: HTTPFields = [.idempotencyKey: "click-1", .prefer: "respond-async"]
            let ids = try await withThrowingTaskGroup(of: JSONValue?.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await client.send(.post, Self.run, json: ["action": "do_work"], headers: headers)
                            .json["task_id"]
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await fixture.services.redis.send("LLEN", "celery").int == 1)
            let other = try await client.send(.post, Self.run, json: ["action": "other"], headers: headers)
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
            try await fixture.withWorker(Self.tasks) {
                for _ in 0..<2 {
                    let answer = try await client.send(
                        .post, Self.run, json: ["action": "do_work"], headers: [.idempotencyKey: "click-1"])
                    #expect(answer.json["result"]?["status"] == "ok")
                }
            }
        }
    }

    @Test func `uploaded files reach the action, and are gone afterwards`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            _ = try await client.send(.get, "/api/plugins/plugins/")
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", true)
            let form = [
                "--B", #"Content-Disposition: form-data; name="action""#, "", "read", "--B",
                #"Content-Disposition: form-data; name="params""#, "", #"{"a":[1]}"#, "--B",
                #"Content-Disposition: form-data; name="upload"; filename="../../list.m3u""#,
                "Content-Type: audio/x-mpegurl", "", "#EXTM3U", "--B--", "",
            ].joined(separator: "\r\n")
            try await fixture.withWorker(Self.tasks) {
                let headers: HTTPFields = [.contentType: "multipart/form-data; boundary=B"]
                let answer = try await client.send(.post, Self.run, body: form, headers: headers)
                #expect(answer.status == 200, "\(answer.text)")
                let result = answer.json["result"]
                #expect(result?["text"] == "#EXTM3U" && result?["params"] == ["a": [1]])
                #expect(result?["file"]?["name"] == "list.m3u" && result?["file"]?["size"] == 7)
                #expect(result?["file"]?["content_type"] == "audio/x-mpegurl")
            }
            let uploads = fixture.folder.appending(path: "uploads").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty)
        }
    }

    @Test func `a file beyond the limit is refused, and nothing of it stays`() async throws {
        try await APIFixture.withServer(change: { $0.uploadBytes = 1000 }) { fixture, client in
            try install(fixture)
            _ = try await client.send(.get, "/api/plugins/plugins/")
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", true)
            let head = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"
            let body = head + String(repeating: "x", count: 5000) + "\r\n--B--\r\n"
            let answer = try await client.send(
                .post, Self.run, body: body, headers: [.contentType: "multipart/form-data; boundary=B"])
            #expect(answer.status == 413 && answer.code == "file_too_large")
            let uploads = fixture.folder.appending(path: "uploads").path
            #expect(try FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty)
        }
    }

    @Test func `a disabled plugin answers only what its own pages allow, and only once it was trusted`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            _ = try await client.send(.get, "/api/plugins/plugins/")
            let path = "/api/plugins/plugins/my_plugin/ui/resource/"
            let wish: JSONValue = ["resource": "state", "params": ["x": 1], "allow_disabled": true]
            #expect(try await client.send(.post, path, json: wish).status == 403)
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", true)
            try await fixture.services.catalog.plugins.setEnabled("my_plugin", false)
            try await fixture.withWorker(Self.tasks) {
                let answer = try await client.send(.post, path, json: wish)
                #expect(answer.json["result"] == ["my_plugin", "state", ["x": 1], true])
                let forged = try await client.send(
                    .post, path, json: ["resource": "secrets", "allow_disabled": true])
                #expect(forged.status == 403)
                #expect(forged.error == "Plugin 'my_plugin' is disabled and cannot resolve resource 'secrets'")
                #expect(try await client.send(.post, path, json: ["resource": "state"]).status == 403)
                #expect(try await client.send(.post, path, json: [:]).error == "Missing 'resource' identifier")
            }
        }
    }

    @Test func `settings are replaced whole, and nothing beside them`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            let path = "/api/plugins/plugins/my_plugin/settings/"
            let saved = try await client.send(
                .post, path,
                json: [
                    "settings": ["limit": 10], "enabled": true, "ever_enabled": true, "key": "other",
                    "__proto__": ["enabled": true],
                ])
            #expect(saved.json == ["success": true, "settings": ["limit": 10]])
            let row = try #require(try await fixture.services.catalog.plugins.find("my_plugin"))
            #expect(!row.isEnabled && !row.wasEverEnabled && row.settings["limit"] == 10)
            #expect(try await client.send(.post, path, json: ["settings": 3]).status == 400)
            let unknown = try await client.send(.post, "/api/plugins/plugins/nobody/settings/", json: ["settings": [:]])
            #expect(unknown.status == 404)
        }
    }

    @Test(arguments: [(JSONValue.bool(true), true), ("off", false), (0, false), ("no", false), (1, true)])
    func `every usual spelling of a truth value enables or disables`(value: JSONValue, isEnabled: Bool) async throws {
        #expect(value.boolean == isEnabled)
        #expect(JSONValue.string("perhaps").boolean == nil && JSONValue.null.boolean == nil)
    }

    @Test func `deleting takes folder, row and nothing else`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            let elsewhere = fixture.folder.appending(path: "elsewhere")
            try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
            try Data(Self.source.utf8).write(to: elsewhere.appending(path: "plugin.py"))
            _ = try await client.send(.get, "/api/plugins/plugins/")
            let deleted = try await client.send(.delete, "/api/plugins/plugins/my_plugin/delete/")
            #expect(deleted.status == 200 && deleted.json == ["success": true])
            #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.pluginsFolder.path).isEmpty)
            #expect(try await client.send(.delete, "/api/plugins/plugins/my_plugin/delete/").status == 404)
            let escape = try await client.send(.delete, "/api/plugins/plugins/..%2Felsewhere/delete/")
            #expect(escape.status == 404)
            #expect(FileManager.default.fileExists(atPath: elsewhere.appending(path: "plugin.py").path))
        }
    }

    @Test func `a logo is a file of the plugin, never what a link points at`() async throws {
        try await APIFixture.withServer { fixture, client in
            try install(fixture)
            let logo = fixture.pluginsFolder.appending(path: "my_plugin/logo.png")
            let path = "/api/plugins/plugins/my_plugin/logo/"
            #expect(try await client.send(.get, path).status == 404)
            try Data("png".utf8).write(to: logo)
            _ = try await client.send(.post, "/api/plugins/plugins/reload/", json: [:])
            let answer = try await client.send(.get, path)
            #expect(answer.text == "png" && answer.headers[.contentType] == "image/png")
            try FileManager.default.removeItem(at: logo)
            try FileManager.default.createSymbolicLink(atPath: logo.path, withDestinationPath: "/etc/passwd")
            _ = try await client.send(.post, "/api/plugins/plugins/reload/", json: [:])
            #expect(try await client.send(.get, path).status == 404)
        }
    }
}
