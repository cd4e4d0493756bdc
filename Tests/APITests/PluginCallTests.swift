import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import PluginRuntime
import Skirret
import SkirretRedis
import Testing

@testable import API

/// What the routes make of what plugins declare and of how their calls end.
@Suite("Plugin calls", .timeLimit(.minutes(1))) struct PluginCallTests {
    private static let source = """
        class Plugin:
            fields = [{"id": "list", "type": "file", "accept": ".csv, .M3U"}, {"id": "name", "type": "string"}]
            actions = [{"id": "slow", "async": True}, {"id": "quick"}]

        """
    private static let plugin = "/api/plugins/plugins/one"

    @Test func `an asynchronous action is accepted at once, and has an hour`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.installEnabled("one", Self.source)
            // No worker: whoever waited would wait for the test's own limit.
            let answer = try await client.send(.post, "\(Self.plugin)/run/", json: ["action": "slow"])
            #expect(answer.status == 202, "\(answer.text)")
            #expect(answer.headers[.preferenceApplied] == nil)
            let id = try #require(answer.json["task_id"]?.string)
            let message = try #require(try await fixture.takeMessage())
            #expect(message.headers.id.rawValue == id && message.headers.timeLimit.hard == 3600)
            #expect(message.body.args == ["one", "slow", [:], [:]])
            let quick = try await client.send(
                .post, "\(Self.plugin)/run/", json: ["action": "quick"], headers: [.prefer: "respond-async"])
            #expect(quick.status == 202 && quick.headers[.preferenceApplied] == "respond-async")
            #expect(try await fixture.takeMessage()?.headers.timeLimit.hard == nil)
        }
    }

    @Test func `in safe mode every call says so`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.installEnabled("one", Self.source)
            let tasks = [TaskNames.runAction, TaskNames.resolveResource, TaskNames.describe].map {
                RegisteredTask(name: $0) { _, args, _ in throw TaskFailure.safeMode(args[0].string ?? "") }
            }
            try await fixture.withWorker(tasks) {
                for (path, body) in [
                    ("run", ["action": "quick"] as JSONValue), ("ui/resource", ["resource": "x"] as JSONValue),
                ] {
                    let answer = try await client.send(.post, "\(Self.plugin)/\(path)/", json: body)
                    #expect(answer.status == 409 && answer.code == "safe_mode", "\(answer.text)")
                    #expect(answer.error?.contains("--safe-mode") == true)
                }
                // Switching on is for later; the card shows no error of the plugin's.
                let on = try await client.send(.post, "\(Self.plugin)/enabled/", json: ["enabled": true])
                #expect(on.status == 200 && on.json["plugin"]?["load_error"] == .null)
            }
        }
    }

    @Test func `why its code could not be loaded is on its card, until it is other code`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.installEnabled("one", Self.source)
            let tasks = [
                RegisteredTask(name: TaskNames.describe) { _, _, _ in
                    throw TaskFailure(
                        excType: "OSError", excMessage: [13, "Permission denied"], excModule: "builtins",
                        traceback: """
                            Traceback (most recent call last):
                              File "plugin.py", line 3, in <module>
                            PermissionError: [Errno 1] the first
                            OSError: [Errno 13] Permission denied: '/data/one.json'

                            """)
                }
            ]
            try await fixture.withWorker(tasks) {
                let on = try await client.send(.post, "\(Self.plugin)/enabled/", json: ["enabled": true])
                #expect(
                    on.json["plugin"]?["load_error"] == "OSError: [Errno 13] Permission denied: '/data/one.json'")
                #expect(on.json["plugin"]?["loaded"] == false)
            }
            try fixture.install("one", Self.source + "# mended\n")
            let row = try await client.send(.get, "/api/plugins/plugins/").json["plugins"]?[0]
            #expect(row?["load_error"] == .null && row?["loaded"] == true)
        }
    }

    @Test func `packages are installed when somebody asks, and the row says how far they are`() async throws {
        try await APIFixture.withServer { fixture, client in
            try fixture.install("one", Self.source, files: ["requirements.txt": "needed>=1\n"])
            try fixture.install("two", Self.source)
            try fixture.install("three", Self.source, files: ["requirements.txt": "-e .\n"])
            let rows = try await client.send(.get, "/api/plugins/plugins/").json["plugins"]?.array ?? []
            let states = rows.map { $0["requirements"]?["state"]?.string }
            #expect(rows.map { $0["key"] } == ["one", "three", "two"] && states == ["missing", "invalid", "none"])
            let answer = try await client.send(.post, "\(Self.plugin)/requirements/")
            #expect(answer.status == 202, "\(answer.text)")
            let message = try #require(try await fixture.takeMessage())
            #expect(message.headers.task == TaskNames.installRequirements && message.body.args == ["one"])
            for (key, code) in [("two", "no_requirements"), ("three", "invalid_requirements")] {
                let refused = try await client.send(.post, "/api/plugins/plugins/\(key)/requirements/")
                #expect(refused.status == 409 && refused.code == code)
            }
            #expect(try await client.send(.post, "/api/plugins/plugins/nobody/requirements/").status == 404)
        }
    }

    @Test func `a file for a setting is kept until another one is saved`() async throws {
        try await APIFixture.withServer { fixture, client in
            try await fixture.installEnabled("one", Self.source)
            func upload(_ field: String, _ name: String, _ text: String) async throws -> Answer {
                let body = [
                    "--B", #"Content-Disposition: form-data; name="file"; filename="\#(name)""#, "", text, "--B--", "",
                ].joined(separator: "\r\n")
                return try await client.send(
                    .post, "\(Self.plugin)/fields/\(field)/upload/", body: body,
                    headers: [.contentType: "multipart/form-data; boundary=B"])
            }
            func content(_ answer: Answer) -> String? {
                try? String(contentsOfFile: answer.json["path"]?.string ?? "", encoding: .utf8)  // nil is the finding
            }
            let first = try await upload("list", "../a.m3u", "#EXTM3U")
            #expect(first.status == 200 && first.json["name"] == "a.m3u" && first.json["size"] == 7, "\(first.text)")
            #expect(content(first) == "#EXTM3U")
            #expect(first.json["value"]?.string?.hasPrefix(fixture.folder.path + "/plugin-files/one/") == true)
            let settings: JSONValue = ["settings": ["list": first.json["value"] ?? .null]]
            _ = try await client.send(.post, "\(Self.plugin)/settings/", json: settings)
            let second = try await upload("list", "b.csv", "b")
            #expect(content(first) == "#EXTM3U" && content(second) == "b", "the saved one is in use")
            let third = try await upload("list", "c.csv", "c")
            #expect(content(first) == "#EXTM3U" && content(second) == nil && content(third) == "c")
            #expect(try await upload("list", "c.exe", "c").code == "file_not_accepted")
            #expect(try await upload("name", "c.csv", "c").code == "not_a_file_field")
            #expect(try await upload("nothing", "c.csv", "c").status == 404)
            #expect(try await client.send(.post, "\(Self.plugin)/fields/list/upload/").code == "missing_file")
            _ = try await client.send(.delete, "\(Self.plugin)/delete/")
            #expect(content(first) == nil && content(third) == nil)
        }
    }
}
