import CSpawn
import CeleryProtocol
import Foundation
import Testing

@testable import PluginRuntime

extension PluginHostTests {
    @Suite("broken on purpose")
    struct PluginHostFaultTests {
        @Test func `a segfault fails its call with signal and last words, and the next call works`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal, "talker": Samples.talker]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let error = await fixture.failure("segfault", on: vandal)
                #expect(error?.code == .crashed)
                #expect(error?.crash?.signal == 11)
                #expect(error?.crash?.isOutOfMemory == false)
                #expect(error?.crash?.lastLines.last == "the last words")
                #expect(try await fixture.run("fine", on: vandal)["status"] == "ok")
                let talker = try await fixture.identity("talker")
                #expect(try await fixture.run("echo", on: talker)["status"] == "ok")
            }
        }

        @Test func `a clean exit in the middle of a call is a crash too`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                #expect(await fixture.failure("exit", on: vandal)?.crash?.exitCode == 0)
                #expect(await fixture.failure("exit", ["code": 3], on: vandal)?.crash?.exitCode == 3)
            }
        }

        @Test func `a kill from outside is seen within two seconds and the call can be repeated`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                _ = try await fixture.run("fine", on: vandal)
                let pid = try #require(fixture.host.processes.first?.pid)
                let told = Told()
                async let error = fixture.errorOfSpin(on: vandal, told: told)
                await told.wait(forEvent: "started")
                let killed = ContinuousClock.now
                killTree(pid)
                #expect(await error?.crash?.signal == 9)
                #expect(await error?.mayBeRepeated == true)
                #expect(try await fixture.run("fine", on: vandal)["status"] == "ok")
                #expect(.now - killed < .seconds(2))
            }
        }

        @Test func `five crashes suspend the plugin, and resuming it lets it run`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                for _ in 1...5 { #expect(await fixture.failure("exit", on: vandal)?.code == .crashed) }
                let error = await fixture.failure("fine", on: vandal)
                #expect(error?.code == .suspended)
                #expect(error?.message.contains("exited with status 0") == true)
                #expect(error?.suspendedUntil.map { $0 > Date() } == true)
                fixture.host.resume("vandal")
                #expect(try await fixture.run("fine", on: vandal)["status"] == "ok")
            }
        }

        @Test func `a plugin that rests is told of once, with until when and why`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                for _ in 1...5 { #expect(await fixture.failure("exit", on: vandal)?.code == .crashed) }
                let told = await fixture.background.first { if case .suspended = $0.event { true } else { false } }
                guard case .suspended(let until, let reason) = told?.event else { return }
                #expect(told?.plugin.key == "vandal")
                #expect(until > Date())
                #expect(reason.contains("exited with status 0"))
            }
        }

        @Test func `more processes than allowed end the plugin, and the error says so`() async throws {
            var options = PluginHostOptions()
            options.limits.processes = 8
            try await HostFixture.withHost(["vandal": Samples.vandal], options: options) { fixture in
                let vandal = try await fixture.identity("vandal")
                let error = await fixture.failure("swarm", ["count": 20], on: vandal)
                #expect(error?.code == .crashed)
                #expect(error?.crash?.hadTooManyProcesses == true)
                #expect(error?.message.contains("too many processes") == true, "\(error as Any)")
                #expect(try await fixture.run("fine", on: vandal)["status"] == "ok")
            }
        }

        @Test func `a deadline stops a spinning plugin softly and leaves its process`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let before = try await fixture.run("fine", on: vandal)
                let error = await fixture.failure("spin", on: vandal, deadline: .milliseconds(200), grace: .seconds(5))
                #expect(error?.code == .timedOut)
                #expect(error?.failure?.type == "SoftTimeLimitExceeded")
                #expect(try await fixture.run("fine", on: vandal)["pid"] == before["pid"])
            }
        }

        @Test func `a deaf plugin is killed after its grace, with calls beside it interrupted`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let told = Told()
                async let other = fixture.errorOfSpin(on: vandal, told: told)
                await told.wait(forEvent: "started")
                let start = ContinuousClock.now
                let error = await fixture.failure(
                    "deaf", on: vandal, deadline: .milliseconds(200), grace: .milliseconds(300))
                #expect(error?.code == .timedOut)
                #expect(error?.failure == nil)
                #expect(.now - start < .seconds(2))
                #expect(await other?.code == .interrupted)
            }
        }

        @Test func `cancelling the task stops the plugin`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let told = Told()
                await withTaskGroup { group in
                    group.addTask { #expect(await fixture.errorOfSpin(on: vandal, told: told)?.code == .cancelled) }
                    await told.wait(forEvent: "started")
                    group.cancelAll()
                }
                #expect(try await fixture.run("fine", on: vandal)["status"] == "ok")
            }
        }

        @Test func `what a killed plugin started in a session of its own dies with it`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let fifo = vandal.path + "/held"
                #expect(mkfifo(fifo, 0o600) == 0)
                let reader = open(fifo, O_RDONLY | O_NONBLOCK)
                defer { close(reader) }
                let told = Told()
                async let error = fixture.error(of: "child", ["fifo": .string(fifo)], on: vandal, told: told)
                await told.wait(forEvent: "child")
                killTree(try #require(fixture.host.processes.first?.pid))
                _ = await error
                // End of file: nobody that held the other end is left. -1 would be five seconds without it.
                var byte: UInt8 = 0
                #expect(cspawn_read(reader, &byte, 1, 5000) == 0)
            }
        }

        @Test func `memory beyond the limit is an error of the call, and the process lives`() async throws {
            var options = PluginHostOptions()
            options.limits.memoryBytes = 256 << 20
            try await HostFixture.withHost(["vandal": Samples.vandal], options: options) { fixture in
                let vandal = try await fixture.identity("vandal")
                let error = await fixture.failure("eat", ["bytes": .int(1 << 30)], on: vandal)
                #expect(error?.failure?.type == "MemoryError")
                #expect(try await fixture.run("eat", ["bytes": .int(1 << 20)], on: vandal)["size"] == .int(1 << 20))
            }
        }

        @Test func `a flood of output is cut and counted, and the answer arrives`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let told = Told()
                _ = try await fixture.run("flood", ["chunks": 400], on: vandal, told: told)
                let lines = told.events.compactMap { if case .output(_, let line) = $0 { line } else { nil } }
                #expect(lines.contains { $0.hasSuffix("(26207208 more bytes)") }, "\(lines.map { $0.suffix(40) })")
                #expect(lines.last == "after the flood")
                #expect(lines.allSatisfy { $0.utf8.count < 9000 })
            }
        }

        @Test func `a flood of lines is dropped with a count`() async throws {
            var options = PluginHostOptions()
            options.linesPerSecond = 10
            try await HostFixture.withHost(["vandal": Samples.vandal], options: options) { fixture in
                let vandal = try await fixture.identity("vandal")
                let told = Told()
                _ = try await fixture.run("lines", ["count": 20_000], on: vandal, told: told)
                let kept = told.events.filter { if case .output = $0 { true } else { false } }.count
                #expect((100..<5000).contains(kept), "kept \(kept)")
                let notices = told.events.filter {
                    if case .log(_, "skirret.host", let text, _) = $0 { text.contains("lines dropped") } else { false }
                }
                #expect(!notices.isEmpty)
            }
        }

        @Test func `bytes that are no frame end the process and are reported`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let error = await fixture.failure("noise", on: vandal)
                #expect(error?.code == .malformedFrame)
                #expect(try await fixture.run("fine", on: vandal)["status"] == "ok")
            }
        }

        @Test func `a death of the fork server interrupts its calls and is mended`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let vandal = try await fixture.identity("vandal")
                let told = Told()
                async let error = fixture.errorOfSpin(on: vandal, told: told)
                await told.wait(forEvent: "started")
                let plugin = try #require(fixture.host.processes.first?.pid)
                killTree(try #require(parent(of: plugin)))
                #expect(await error?.code == .interrupted)
                #expect(try await fixture.run("fine", on: vandal)["status"] == "ok")
            }
        }

        @Test func `a hundred reloads under twenty calls lose no call and start one process each`() async throws {
            try await HostFixture.withHost(["vandal": Samples.vandal]) { fixture in
                let plugin = try await fixture.identity("vandal")
                let pids = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for call in 0..<2000 {
                        if call >= 20 { _ = try await group.next() }
                        let generation = PluginIdentity(
                            key: plugin.key, path: plugin.path, fingerprint: "generation \(call / 20)")
                        group.addTask { try await fixture.run("fine", on: generation)["pid"]?.int }
                    }
                    return try await group.reduce(into: Set<Int?>()) { $0.insert($1) }
                }
                #expect(!pids.contains(nil))
                #expect(pids.count <= 100, "one process for each generation")
                let open = fixture.host.processes.filter(\.takesCalls)
                #expect(open.count == 1)
            }
        }

        @Test func `without Python every call says so at once`() async throws {
            let environment = PythonEnvironment(
                executable: "/no/such/python", pluginsDirectory: "/nonexistent", database: "", brokerURL: "",
                dataDirectory: NSTemporaryDirectory())
            let host = PluginHost(environment)
            await withTaskGroup { group in
                group.addTask { await host.run() }
                let error = await #expect(throws: PluginError.self) {
                    _ = try await host.call(.describe, on: PluginIdentity(key: "x", path: "/x", fingerprint: "1"))
                }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("/no/such/python") == true, "\(error as Any)")
                group.cancelAll()
            }
        }

        /// The process that forked it.
        private func parent(of pid: Int32) -> Int32? {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return nil }
            return stat.split(separator: ")").last.flatMap { Int32($0.split(separator: " ")[1]) }
        }
    }
}

extension HostFixture {
    fileprivate func error(
        of action: String, _ params: JSONValue = [:], on plugin: PluginIdentity, told: Told
    ) async -> PluginError? {
        do throws(PluginError) {
            _ = try await run(action, params, on: plugin, told: told)
            return nil
        } catch {
            return error
        }
    }

    fileprivate func errorOfSpin(on plugin: PluginIdentity, told: Told) async -> PluginError? {
        await error(of: "spin", on: plugin, told: told)
    }
}
