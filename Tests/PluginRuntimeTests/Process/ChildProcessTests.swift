import NIOCore
import NIOPosix
import Testing

@testable import PluginRuntime

@Suite("Child processes")
struct ChildProcessTests {
    private func run(
        _ arguments: [String], path: String = "/bin/sh", environment: [String: String] = [:]
    ) async throws -> (text: String, exit: ProcessExit) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: [UInt8]?.self)
        let pipe = try await CapturedPipe.bytes(on: loop, limit: 1 << 20, done: done)
        let process: ChildProcess
        do {
            process = try ChildProcess.start(
                path, arguments: arguments, environment: environment, workingDirectory: "/",
                descriptors: [-1, pipe.writeEnd, pipe.writeEnd], on: loop)
        } catch {
            closeDescriptor(pipe.writeEnd)
            throw error
        }
        closeDescriptor(pipe.writeEnd)
        let exit = try await process.exit.get()
        return (String(decoding: try await done.futureResult.get() ?? [], as: UTF8.self), exit)
    }

    @Test func `a child gets its arguments, its variables and nothing else`() async throws {
        let (text, exit) = try await run(["-c", "env; echo \"$0\"; pwd", "a b"], environment: ["ONLY": "this one"])
        #expect(exit.exitCode == 0)
        #expect(text.contains("ONLY=this one"))
        #expect(!text.contains("HOME="))
        #expect(text.hasSuffix("a b\n/\n"))
    }

    @Test func `a child has the listed descriptors and no other`() async throws {
        let (text, _) = try await run(["-c", "for fd in /proc/self/fd/*; do [ -e $fd ] && echo ${fd##*/}; done"])
        #expect(text.split(separator: "\n") == ["0", "1", "2"])
    }

    @Test func `exit status and signal are told apart`() async throws {
        #expect(try await run(["-c", "exit 7"]).exit.exitCode == 7)
        let killed = try await run(["-c", "kill -9 $$"]).exit
        #expect(killed.signal == 9)
        #expect(killed.exitCode == nil)
        #expect(killed.peakMemoryBytes ?? 0 > 0)
    }

    @Test func `a program that cannot be executed is an error here, with its reason`() async throws {
        let error = await #expect(throws: SpawnFailure.self) { _ = try await run([], path: "/no/such/program") }
        #expect(error.map { "\($0)" } == "exec /no/such/program: No such file or directory")
    }

    @Test func `killing a child kills what it started`() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: [UInt8]?.self)
        let pipe = try await CapturedPipe.bytes(on: loop, limit: 1 << 20, done: done)
        let process = try ChildProcess.start(
            "/bin/sh", arguments: ["-c", "sleep 1000 & sleep 1000"], environment: [:], workingDirectory: nil,
            descriptors: [-1, pipe.writeEnd], on: loop)
        closeDescriptor(pipe.writeEnd)
        process.kill()
        #expect(try await process.exit.get().signal == 9)
        // The grandchild held the pipe: it ends only when that is gone too.
        _ = try await done.futureResult.get()
    }
}
