import CeleryProtocol
import SkirretRedis
import Testing

@testable import Skirret

/// Canvases built here whose parts run on a worker of ours and on a real Celery worker.
@Suite("Mixed canvas", .timeLimit(.minutes(2)), .enabled(if: PythonWorker.executable != nil)) struct MixedCanvasTests {
    let add = TaskDefinition("samples.add", parameters: ["x", "y"]) { (x: Int, y: Int) in x + y }
    let total = TaskDefinition("samples.total") { (numbers: [Int]) in numbers.reduce(0, +) }
    let fail = TaskDefinition("samples.fail") { (message: String) -> Int in
        throw TaskFailure.builtin("ValueError", message)
    }
    let here = CallOption.queue("swift"), there = CallOption.queue("python")

    private func together(_ body: (TaskQueue) async throws -> Void) async throws {
        let python = try #require(PythonWorker.executable)
        try await withQueue { queue in
            let worker = try PythonWorker(python, broker: queue.url)
            defer { worker.stop() }
            let tasks = [add.registered, total.registered, fail.registered]
            try await withWorker(queue, tasks: tasks, configure: { $0.queues = ["swift"] }) { try await body(queue) }
        }
    }

    @Test func `a chord of chains over Swift and Python tasks`() async throws {
        try await together { queue in
            let header: [any CanvasPart] = [
                try chain(add.s(1, 1).set(there), add.s(1).set(here), add.s(1).set(there)),  // 4
                try chain(add.s(2, 2).set(here), add.s(2).set(there)),  // 6
                try chord(
                    [add.s(3, 3).set(there), add.s(4, 4).set(here)],
                    then: chain(total.s().set(there), add.s(100).set(here))),  // 114
            ]
            for body in [try total.s().set(here), try total.s().set(there)] {
                let handle = try await chain(chord(header, then: body), add.s(1).set(there), add.s(1).set(here))
                    .delay(on: queue)
                #expect(try await handle.result(within: .seconds(40)) == 126)
            }
        }
    }

    @Test func `an error in a header, wherever it runs, fails what follows and calls its errbacks`() async throws {
        try await together { queue in
            for (bad, good) in [(here, there), (there, here)] {
                let early = try chain(fail.s("early").set(bad), add.s(1).set(good))
                let handle = try await chain(
                    chord([early, add.s(1, 1).set(good)], then: total.s().set(good)), add.s(1).set(bad)
                ).delay(on: queue)
                let failure = await #expect(throws: TaskFailure.self) { try await handle.result(within: .seconds(40)) }
                #expect(failure?.excType == "ChordError")
                #expect(failure?.description.contains("ValueError('early')") == true)
            }
        }
    }
}
