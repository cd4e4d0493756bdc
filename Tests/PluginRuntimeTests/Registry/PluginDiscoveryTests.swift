import CeleryProtocol
import Foundation
import Testing

@testable import PluginRuntime

@Suite("Plugin discovery", .enabled(if: HostFixture.python != nil), .timeLimit(.minutes(2)))
struct PluginDiscoveryTests {
    private func withFolder(_ body: (PythonEnvironment) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("skirret-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }  // a leftover in /tmp is no test failure
        try await body(
            PythonEnvironment(
                executable: try #require(HostFixture.python), pluginsDirectory: root.path + "/plugins", database: "",
                brokerURL: "", dataDirectory: root.path + "/data"))
    }

    @Test func `a plugin is described without being run`() async throws {
        try await withFolder { environment in
            try HostFixture.write("raise SystemExit(1)\n" + Samples.talker, to: "Talker One", environment)
            let found = try await PluginDiscovery(environment).scan()
            let talker = try #require(found.first)
            #expect(talker.key == "talker_one")
            #expect(talker.name == "Talker")
            #expect(talker.version == "1.2.3")
            #expect(talker.actions.map { $0["id"] } == ["echo", "talk"])
            #expect(talker.fields.first?["default"] == 5)
            #expect(talker.isLegacy)
            #expect(talker.loadError == nil)
            #expect(talker.uiSchema == Optional.none)
        }
    }

    @Test func `the manifest wins, and a syntax error is told with its line`() async throws {
        try await withFolder { environment in
            try HostFixture.write("class Plugin(:\n", to: "broken", environment)
            try #"{"name": "From the manifest", "version": "9"}"#.write(
                toFile: environment.pluginsDirectory + "/broken/plugin.json", atomically: true, encoding: .utf8)
            let broken = try #require(try await PluginDiscovery(environment).scan().first)
            #expect(broken.name == "From the manifest")
            #expect(!broken.isLegacy)
            #expect(broken.loadError?.contains("line 1") == true)
        }
    }

    @Test func `a folder that is not there has no plugins`() async throws {
        try await withFolder { environment in
            let found = try await PluginDiscovery(environment).scan()
            #expect(found.isEmpty)
        }
    }

    @Test func `a Python that is not there is an error that says where it was looked for`() async throws {
        try await withFolder { environment in
            var environment = environment
            environment.executable = "/no/such/python"
            let error = await #expect(throws: PluginError.self) { try await PluginDiscovery(environment).scan() }
            #expect(error?.code == .unavailable)
            #expect(error?.description.contains("/no/such/python") == true)
        }
    }
}
