import CeleryProtocol
import Foundation
import SkirretRedis
import SkirretTesting
import Testing

@testable import Skirret

/// Celery's own sweep on what our workers hold: a visibility timeout shorter than our pause, or a clock that is ahead,
/// lets a Python worker put a message back that one of ours still works on.
@Suite("Celery's sweep", .timeLimit(.minutes(2)), .enabled(if: PythonWorker.executable != nil))
struct CelerySweepTests {
    private let starts = Starts()
    /// Bodies that were told to stop.
    private let stops = Starts()
    private let gate = Gate()

    private var gated: RegisteredTask {
        RegisteredTask(name: "samples.gated") { [starts, stops, gate] context, _, _ in
            starts.note(context.id)
            do { try await gate.opened() } catch {
                stops.note(context.id)
                throw error
            }
            return .int(starts.total)
        }
    }

    /// One look of kombu at what was claimed before now.
    private func sweep(_ queue: TaskQueue) async throws {
        let code = """
            import sys
            from kombu import Connection
            with Connection(sys.argv[1], transport_options={"visibility_timeout": 0}) as broker:
                broker.default_channel.qos.restore_visible(interval=1)
            """
        let status = try await PythonWorker.run(code, queue.url.celeryText)
        #expect(status == 0)
    }

    @Test func `what runs twice by it is settled once`() async throws {
        try await withQueue { queue in
            // No heartbeat comes in between: the end itself has to notice.
            let patient = { (options: inout WorkerOptions) in
                (options.lease, options.heartbeat) = (.seconds(120), .seconds(60))
            }
            try await withWorker(queue, tasks: [gated], configure: patient) {
                let next = Signature(task: "samples.next", options: ["queue": "next"])
                var options = CallOptions()
                options.link = [next]
                let followed = try await queue.send("samples.gated", options: options)
                let plain = try await queue.send("samples.gated")
                try await until { starts.total == 2 }
                try await sweep(queue)
                try await until { starts.count(followed) == 2 && starts.count(plain) == 2 }
                gate.open()
                for id in [followed, plain] { _ = try await queue.result(of: id, within: .seconds(10)) }
                try await until { try await queue.redis.send("EXISTS", "unacked", "unacked_index").int == 0 }
            }
            #expect(try await queue.redis.send("LLEN", "next").int == 1)
            #expect(try await queue.redis.send("LLEN", "celery").int == 0)
        }
    }

    @Test func `the first run learns of it with the next heartbeat`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: [gated], configure: { $0.heartbeat = .milliseconds(500) }) {
                let id = try await queue.send("samples.gated")
                try await until { starts.total == 1 }
                let token = try await queue.redis.send("HKEYS", "unacked").array?.first?.string ?? ""
                // A heartbeat may come between kombu's look at its clock and at its index.
                repeat {
                    try await sweep(queue)
                } while try await queue.redis.send(
                    "HEXISTS", "unacked", .init(token)
                ).int == 1
                try await until { starts.count(id) == 2 }
                try await until { stops.count(id) == 1 }
                gate.open()
                _ = try await queue.result(of: id, within: .seconds(10))
            }
        }
    }
}
