import CeleryProtocol
import Foundation
import Testing

@testable import PluginRuntime

@Suite("Plugin folder", .enabled(if: HostFixture.python != nil), .timeLimit(.minutes(2)))
struct PluginFolderTests {
    private func withFolder(_ body: (PluginFolder, PythonEnvironment) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("skirret-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }  // a leftover in /tmp is no test failure
        let environment = PythonEnvironment(
            executable: try #require(HostFixture.python), pluginsDirectory: root.path + "/plugins", database: "",
            brokerURL: "", dataDirectory: root.path + "/data")
        try await body(PluginFolder(PluginDiscovery(environment)), environment)
    }

    private func write(_ text: String, _ path: String, _ environment: PythonEnvironment) throws {
        let file = URL(fileURLWithPath: environment.pluginsDirectory).appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    @Test func `what has changed shows at the next look, in the plugin and in the list`() async throws {
        try await withFolder { folder, environment in
            #expect(try await folder.find("one") == nil)
            try write("class Plugin:\n    version = '1'\n", "one/plugin.py", environment)
            let first = try #require(try await folder.find("one"))
            #expect(first.version == "1" && first.folder == "one")
            try write("class Plugin:\n    version = '2'\n", "one/plugin.py", environment)
            let second = try #require(try await folder.find("one"))
            #expect(second.version == "2" && second.fingerprint != first.fingerprint)
            try write("x = 1\n", "one/below/helper.py", environment)
            #expect(try await folder.find("one")?.fingerprint != second.fingerprint)
            try write("class Plugin: pass\n", "two/plugin.py", environment)
            #expect(try await folder.all().map(\.key) == ["one", "two"])
            try FileManager.default.removeItem(atPath: environment.pluginsDirectory + "/one")
            #expect(try await folder.find("one") == nil)
            #expect(try await folder.all().map(\.key) == ["two"])
        }
    }

    @Test func `what is the same is not read again by Python`() async throws {
        try await withFolder { folder, environment in
            try write("class Plugin: pass\n", "one/plugin.py", environment)
            _ = try await folder.all()
            // Whoever starts Python from here on fails.
            var broken = environment
            broken.executable = "/no/such/python"
            let other = PluginFolder(PluginDiscovery(broken))
            await #expect(throws: PluginError.self) { try await other.find("one") }
            #expect(try await other.findKnown("one") == nil)
            #expect(try await folder.findKnown("one")?.key == "one")
            try write("data", "one/state.json", environment)
            try write("cache", "one/__pycache__/plugin.pyc.py", environment)
            let path = environment.pluginsDirectory
            let before = FolderStamp.all(below: path, packages: "")
            #expect(before["one"] == FolderStamp(plugin: path + "/one", packages: "/one"))
            try write("class Plugin:  pass\n", "one/plugin.py", environment)
            #expect(FolderStamp.all(below: path, packages: "") != before)
        }
    }

    @Test func `packages that were installed make it another plugin`() async throws {
        try await withFolder { folder, environment in
            try write("class Plugin: pass\n", "one/plugin.py", environment)
            try write("needed>=1\n", "one/requirements.txt", environment)
            let before = try #require(try await folder.find("one"))
            #expect(before.requirements.state == .missing)
            let packages = URL(fileURLWithPath: environment.packagesDirectory + "/one")
            try FileManager.default.createDirectory(at: packages, withIntermediateDirectories: true)
            let error = await #expect(throws: PluginError.self) {
                // No index to ask: it fails, and the reason is kept.
                var environment = environment
                environment.addedVariables = ["PIP_NO_INDEX": "1"]
                try await PluginDiscovery(environment).installRequirements(of: before) { _, _ in }
            }
            #expect(error?.code == .requirementsFailed)
            let after = try #require(try await folder.find("one"))
            #expect(after.requirements.state == .failed && after.requirements.error != nil)
        }
    }
}
