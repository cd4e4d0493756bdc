import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Skirret
import Testing

@testable import API

@Suite("Plugin import", .timeLimit(.minutes(1))) struct PluginImportTests {
    private static let path = "/api/plugins/plugins/import/"
    private static let source = Data("class Plugin:\n    name = 'Zipped'\n    version = '1'\n    actions = []\n".utf8)

    @Test func `an archive becomes a plugin, disabled, and no line of it has run`() async throws {
        try await APIFixture.withServer { fixture, client in
            let archive = StoredZip([("My-Plugin/plugin.py", Self.source + Data("open('/ran', 'w')\n".utf8))]).bytes
            let answer = try await client.upload(archive)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["success"] == true && answer.json["was_managed"] == false)
            let plugin = answer.json["plugin"]
            #expect(plugin?["key"] == "my_plugin" && plugin?["name"] == "Zipped" && plugin?["enabled"] == false)
            #expect(!FileManager.default.fileExists(atPath: "/ran"))
            #expect(try fixture.installed() == ["my_plugin"])
        }
    }

    @Test func `what exists is replaced only when asked to, keeps its settings, and is told to stop`() async throws {
        try await APIFixture.withServer { fixture, client in
            let tasks = [RegisteredTask(name: TaskNames.describe) { _, _, _ in ["name": "Zipped"] }]
            let old = StoredZip([("one/plugin.py", Self.source), ("one/old.txt", Data())]).bytes
            #expect(try await client.upload(old).status == 200)
            _ = try await fixture.services.catalog.plugins.replaceSettings(of: "one", with: ["a": 1])
            try await fixture.services.catalog.plugins.setEnabled("one", true)
            let new = StoredZip([("one/plugin.py", Self.source + Data("# new\n".utf8))]).bytes
            let refused = try await client.upload(new)
            #expect(refused.status == 400 && refused.error == "Plugin 'one' already exists")
            #expect(refused.code == "plugin_exists")
            #expect(try fixture.installed("one") == ["old.txt", "plugin.py"])
            let stopped = try await fixture.withPluginProcess {
                try await fixture.withWorker(tasks) {
                    let replaced = try await client.upload(new, overwrite: "true")
                    #expect(replaced.status == 200, "\(replaced.text)")
                    #expect(replaced.json["plugin"]?["settings"] == ["a": 1])
                    #expect(replaced.json["plugin"]?["enabled"] == true)
                }
            }
            #expect(stopped == ["one overwrite"])
            #expect(try fixture.installed("one") == ["plugin.py"])
            #expect(try fixture.installed() == ["one"])
        }
    }

    @Test func `refusals have Dispatcharr's words, a code, and leave nothing behind`() async throws {
        try await APIFixture.withServer { fixture, client in
            let cases: [(Data, String, String)] = [
                (Data("not a zip".utf8), "Invalid zip file", "invalid_zip"),
                (StoredZip([]).bytes, "Archive is empty", "archive_empty"),
                (StoredZip([("../evil.py", Data())]).bytes, "Unsafe path in archive", "unsafe_path"),
                (
                    StoredZip([("README.md", Data())]).bytes,
                    "Invalid plugin: missing plugin.py or package __init__.py", "no_plugin_in_archive"
                ),
            ]
            for (archive, text, code) in cases {
                let answer = try await client.upload(archive)
                #expect(answer.status == 400 && answer.error == text && answer.code == code, "\(answer.text)")
            }
            let missing = try await client.upload(Data(), field: "other")
            #expect(missing.status == 400 && missing.error == "Missing 'file' upload")
            let json = try await client.send(.post, Self.path, json: [:])
            #expect(json.status == 400 && json.error == "Missing 'file' upload")
            #expect(try fixture.installed() == [])
            let uploads = try? FileManager.default.contentsOfDirectory(atPath: fixture.configuration.uploadsFolder.path)
            #expect((uploads ?? []) == [])
        }
    }

    @Test func `an imported plugin can be deleted, folder and row`() async throws {
        try await APIFixture.withServer { fixture, client in
            #expect(try await client.upload(StoredZip([("one/plugin.py", Self.source)]).bytes).status == 200)
            let deleted = try await client.send(.delete, "/api/plugins/plugins/one/delete/")
            #expect(deleted.json == ["success": true])
            #expect(try fixture.installed() == [])
            #expect(try await client.send(.get, "/api/plugins/plugins/").json == ["plugins": []])
        }
    }

    @Test func `a plugin that rests says so on its card until its time is over`() async throws {
        try await APIFixture.withServer { fixture, client in
            #expect(try await client.upload(StoredZip([("one/plugin.py", Self.source)]).bytes).status == 200)
            try await fixture.services.catalog.plugins.setEnabled("one", true)
            let suspensions = PluginSuspensions(redis: fixture.services.redis)
            try await suspensions.suspend("one", until: Date() + 60, reason: "It crashed too often.")
            let resting = try await client.send(.get, "/api/plugins/plugins/").json["plugins"]?[0]
            #expect(resting?["load_error"] == "It crashed too often.")
            #expect(resting?["suspended_until"]?.string != nil)
            try await suspensions.suspend("one", until: Date() - 60, reason: "It crashed too often.")
            let awake = try await client.send(.get, "/api/plugins/plugins/").json["plugins"]?[0]
            #expect(awake?["load_error"] == .null && awake?["suspended_until"] == .null)
        }
    }
}

extension TestClientProtocol {
    func upload(_ archive: Data, field: String = "file", overwrite: String? = nil) async throws -> Answer {
        var body = ByteBuffer()
        if let overwrite {
            body.writeString("--B\r\nContent-Disposition: form-data; name=\"overwrite\"\r\n\r\n\(overwrite)\r\n")
        }
        body.writeString("--B\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"up-load.zip\"\r\n")
        body.writeString("Content-Type: application/zip\r\n\r\n")
        body.writeBytes(archive)
        body.writeString("\r\n--B--\r\n")
        let headers: HTTPFields = [
            .authorization: "Bearer \(APIFixture.token)", .contentType: "multipart/form-data; boundary=B",
        ]
        return try await execute(uri: "/api/plugins/plugins/import/", method: .post, headers: headers, body: body) {
            Answer(status: $0.status.code, headers: $0.headers, text: String(buffer: $0.body))
        }
    }
}

extension APIFixture {
    fileprivate func installed(_ folder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: pluginsFolder.appending(path: folder).path)
            .filter { $0 != ".import.lock" }.sorted()
    }
}
