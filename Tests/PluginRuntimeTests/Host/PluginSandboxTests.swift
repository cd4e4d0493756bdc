import CeleryProtocol
import Foundation
import Testing

@testable import PluginRuntime

extension PluginHostTests {
    @Suite("in the sandbox")
    struct PluginSandboxTests {
        private static let curious = """
            import os
            class Plugin:
                def run(self, action, params, context):
                    if action == "read":
                        return {"text": open(params["path"]).read()}
                    if action == "environment":
                        return {"text": repr(dict(os.environ)) + open("/proc/self/environ").read()}
            """

        @Test func `the administrator's token is out of a plugin's reach, and the switches let it in`() async throws {
            let report = try await Self.report()
            guard report.lines.first?.isInForce == true else {
                print("SKIPPED: \(report.lines.first?.text ?? "no report")")
                return
            }
            let plugins = ["curious": Self.curious, "trusted": Self.curious]
            try await HostFixture.withHost(plugins, options: Self.options { $0.unconfined = ["trusted"] }) { fixture in
                let token = try fixture.writeToken()
                let curious = try await fixture.identity("curious")
                let error = await fixture.failure("read", ["path": .string(token)], on: curious)
                #expect(error?.failure?.type == "PermissionError")
                let trusted = try await fixture.identity("trusted")
                #expect(try await fixture.run("read", ["path": .string(token)], on: trusted)["text"] == "secret")
            }
            try await HostFixture.withHost(plugins, options: Self.options { $0.isEnabled = false }) { fixture in
                let token = try fixture.writeToken()
                let curious = try await fixture.identity("curious")
                #expect(try await fixture.run("read", ["path": .string(token)], on: curious)["text"] == "secret")
            }
        }

        @Test func `a profile is for the plugins that are not excepted`() {
            let sandbox = PluginSandbox(unconfined: ["free"], offline: ["silent"], paths: ["/media"])
            #expect(sandbox.profile(of: "free") == nil)
            #expect(sandbox.profile(of: "silent") == ["offline": true, "paths": ["/media"]])
            #expect(sandbox.profile(of: "other") == ["offline": false, "paths": ["/media"]])
            #expect(PluginSandbox(isEnabled: false).profile(of: "other") == nil)
        }

        @Test func `the report names each means and whether it holds`() async throws {
            let report = try await Self.report()
            #expect(report.lines.map(\.name).contains("system calls (seccomp)"))
            #expect(report.lines.allSatisfy { !$0.text.isEmpty })
        }

        private static func options(_ change: (inout PluginSandbox) -> Void) -> PluginHostOptions {
            var options = PluginHostOptions()
            change(&options.sandbox)
            return options
        }

        private static func report() async throws -> SandboxReport {
            let folder = FileManager.default.temporaryDirectory.path
            return try await SandboxReport.make(
                PythonEnvironment(
                    executable: try #require(HostFixture.python), pluginsDirectory: folder, database: "",
                    brokerURL: "redis://127.0.0.1:1/0", dataDirectory: folder))
        }
    }
}

extension HostFixture {
    fileprivate func writeToken() throws -> String {
        let token = environment.dataDirectory + "/admin-token"
        try FileManager.default.createDirectory(
            atPath: environment.dataDirectory, withIntermediateDirectories: true)
        try Data("secret".utf8).write(to: URL(filePath: token))
        return token
    }
}
