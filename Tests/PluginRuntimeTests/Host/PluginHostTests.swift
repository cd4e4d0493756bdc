import CeleryProtocol
import Foundation
import Logging
import Testing

@testable import PluginRuntime

/// One after another: each starts a Python with Django in it, and a machine has few cores.
@Suite("Plugin host", .enabled(if: HostFixture.python != nil), .timeLimit(.minutes(2)), .serialized)
struct PluginHostTests {
    @Test func `a call reaches the plugin with its parameters and merged settings`() async throws {
        try await HostFixture.withHost(["talker": Samples.talker]) { fixture in
            let talker = try await fixture.identity("talker")
            let answer = try await fixture.run("echo", ["a": [1, 2.0, nil]], on: talker, settings: ["mode": "safe"])
            #expect(answer["params"] == ["a": [1, 2.0, nil]])
            #expect(answer["settings"] == ["limit": 5, "mode": "safe"])
            #expect(answer["plugin"]?["key"] == "talker")
            #expect(try await fixture.run("text", on: talker) == ["status": "ok", "result": "just text"])
        }
    }

    @Test func `a resource is resolved and the loaded code describes itself`() async throws {
        try await HostFixture.withHost(["talker": Samples.talker]) { fixture in
            let talker = try await fixture.identity("talker")
            let page = try await fixture.host.call(
                .resource("rows", params: ["page": 3], allowDisabled: false, context: PluginContext()), on: talker)
            #expect(page == ["resource": "rows", "page": 3])
            let described = try await fixture.host.call(.describe, on: talker)
            #expect(described["version"] == "1.2.3")
        }
    }

    @Test func `everything a plugin tells arrives with its call and before its answer`() async throws {
        try await HostFixture.withHost(["talker": Samples.talker]) { fixture in
            let talker = try await fixture.identity("talker")
            let told = Told()
            _ = try await fixture.run("talk", on: talker, told: told)
            let events = told.events
            #expect(events.contains(.event(name: "spoke", payload: ["n": 1], success: false)))
            #expect(events.contains(.progress(percent: 40, message: "on my way")))
            #expect(events.contains(.output(.stdout, line: "from print")))
            #expect(events.contains(.output(.stderr, line: "from stderr")))
            let logged = events.contains {
                if case .log(.warning, "plugins.talker", "from the logger", _) = $0 { true } else { false }
            }
            #expect(logged, "told only \(events)")
        }
    }

    @Test func `what a plugin's own thread tells after the answer reaches the background`() async throws {
        try await HostFixture.withHost(["talker": Samples.talker]) { fixture in
            let talker = try await fixture.identity("talker")
            _ = try await fixture.run("later", on: talker)
            let first = await fixture.background.first { if case .event = $0.event { true } else { false } }
            #expect(first?.event == .event(name: "afterwards", payload: [:], success: true))
            #expect(first?.plugin == talker)
        }
    }

    @Test func `an exception and an answer that is not JSON name themselves`() async throws {
        try await HostFixture.withHost(["talker": Samples.talker]) { fixture in
            let talker = try await fixture.identity("talker")
            let raised = await fixture.failure("nonsense", on: talker)
            #expect(raised?.code == .failed)
            #expect(raised?.failure?.type == "ValueError")
            #expect(raised?.message.contains("ValueError: no action nonsense") == true)
            #expect(raised?.details.contains { $0.contains("plugin.py") } == true)
            let unserialisable = await fixture.failure("set", on: talker)
            #expect(unserialisable?.message.contains("result.bad") == true, "\(unserialisable as Any)")
        }
    }

    @Test func `calls of one plugin overlap in one process, which stays`() async throws {
        try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
            let vandal = try await fixture.identity("vandal")
            let flag = fixture.environment.dataDirectory + "/go"
            let told = Told()
            async let waiting = fixture.run("wait", ["until": .string(flag)], on: vandal, told: told)
            await told.wait(forEvent: "started")
            let overlapping = try await fixture.run("fine", on: vandal)
            #expect(fixture.host.processes.map(\.calls) == [1])
            try "".write(toFile: flag, atomically: true, encoding: .utf8)
            #expect(try await waiting["pid"] == overlapping["pid"])
        }
    }

    @Test func `new code gets a new process while the old call finishes on the old one`() async throws {
        try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
            let old = try await fixture.identity("vandal")
            let flag = fixture.environment.dataDirectory + "/go"
            let told = Told()
            async let waiting = fixture.run("wait", ["until": .string(flag)], on: old, told: told)
            await told.wait(forEvent: "started")

            try fixture.write(Samples.vandal + "\n# newer\n", to: "vandal")
            let new = try await fixture.identity("vandal")
            #expect(new.fingerprint != old.fingerprint)
            let newer = try await fixture.run("fine", on: new)
            let again = try await fixture.run("fine", on: new)
            #expect(newer["pid"] == again["pid"])
            #expect(fixture.host.processes.map(\.takesCalls).sorted { !$0 && $1 } == [false, true])

            try "".write(toFile: flag, atomically: true, encoding: .utf8)
            let answer = try await waiting
            #expect(answer["status"] == "ok")
            #expect(answer["pid"] != newer["pid"])
        }
    }

    @Test func `a stopped plugin's process is gone and a plugin that does not run is not started to be stopped`()
        async throws
    {
        try await HostFixture.withHost(["talker": Samples.talker]) { fixture in
            let talker = try await fixture.identity("talker")
            await fixture.host.stop(talker, reason: "disable", context: PluginContext())
            #expect(fixture.host.processes.isEmpty)
            _ = try await fixture.run("echo", on: talker)
            await fixture.host.stop(talker, reason: "disable", context: PluginContext())
            #expect(fixture.host.processes.allSatisfy { !$0.takesCalls })
        }
    }
}
