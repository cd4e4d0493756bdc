import CeleryProtocol
import Foundation
import SkirretRedis
import Synchronization
import Testing

@testable import Skirret

/// Canvases from their declaration to their result, on a worker of ours.
@Suite("Canvas", .timeLimit(.minutes(2))) struct CanvasTests {
    let add = TaskDefinition("samples.add", parameters: ["x", "y"]) { (x: Int, y: Int) in x + y }
    let total = TaskDefinition("samples.total") { (numbers: [Int]) in numbers.reduce(0, +) }
    let flat = TaskDefinition("samples.same") { (value: JSONValue) in value }
    let fail = TaskDefinition("samples.fail") { (message: String) -> Int in
        throw TaskFailure.builtin("ValueError", message)
    }
    /// Whether results are in another database than messages; see ``BackendTests``.
    var hasOwnBackend = false
    var tasks: [RegisteredTask] { [add.registered, total.registered, flat.registered, fail.registered] }

    private func working(_ more: [RegisteredTask] = [], _ body: (TaskQueue) async throws -> Void) async throws {
        try await withQueue(hasOwnBackend: hasOwnBackend) { queue in
            try await withWorker(queue, tasks: tasks + more) { try await body(queue) }
            // Results, saved groups and ended chords outlive a run, each for its time.
            let left = try await leftovers(queue).filter { !$0.hasPrefix("celery-taskset-meta-") }
            #expect(left == [])
        }
    }

    @Test func `chains, groups and chords, typed from end to end`() async throws {
        try await working { queue in
            let eight = try await chain(add.s(2, 2), add.s(4)).delay(on: queue)
            #expect(try await eight.result(within: .seconds(10)) == 8)
            let both = try await group(add.s(1, 1), add.s(2, 2)).delay(on: queue)
            #expect(try await both.result(within: .seconds(10)) == [2, 4])
            let six = try await chord([add.s(1, 1), add.s(2, 2)], then: total.s()).delay(on: queue)
            #expect(try await six.result(within: .seconds(10)) == 6)
            let mapped = try await total.map([[1, 2], [3]]).delay(on: queue)
            #expect(try await mapped.result(within: .seconds(10)) == [3, 3])
            let spread = try await add.starmap([(1, 2), (3, 4)]).delay(on: queue)
            #expect(try await spread.result(within: .seconds(10)) == [3, 7])
            let chunks = try await add.chunks([(1, 2), (3, 4), (5, 6)], of: 2).delay(on: queue)
            #expect(try await chunks.result(within: .seconds(10)) == [[3, 7], [11]])
        }
    }

    @Test func `nested as deep as it comes`() async throws {
        try await working { queue in
            let inGroup = try await group(chain(add.s(1, 1), add.s(1)), add.s(2, 2)).delay(on: queue)
            #expect(try await inGroup.result(within: .seconds(10)) == [3, 4])
            // A group in the middle of a chain becomes a chord's header.
            let middle = try await chain(add.s(1, 1), group(add.s(1), add.s(2)), total.s(), add.s(10)).delay(on: queue)
            #expect(try await middle.result(within: .seconds(10)) == 17)
            // It ends in a group.
            let open = try await chain([add.s(1, 1), group(add.s(1), add.s(2))]).delay(on: queue)
            #expect(try await open.result(within: .seconds(10)) == [3, 4])
            // A chord in a chord's header, and a chain as body.
            let inner = try chord([add.s(1, 2), add.s(3, 4)], then: total.s())
            let outer = try await chord([inner, add.s(5, 6)], then: chain(total.s(), add.s(100))).delay(on: queue)
            #expect(try await outer.result(within: .seconds(10)) == 121)
            // Groups in the header stay lists.
            let header: [any CanvasPart] = [try chain([add.s(1, 1), group(add.s(1), add.s(2))]), try add.s(5, 5)]
            let lists = try await chord(header, then: flat.s()).delay(on: queue)
            #expect(try await lists.result(within: .seconds(10)) == [[3, 4], 10])
            // A group after a group.
            let groups = try await chain(group(add.s(1, 1), add.s(2, 2)), group(total.s(), total.s()), total.s())
                .delay(on: queue)
            #expect(try await groups.result(within: .seconds(10)) == 12)
            let nothing = try await chord([], then: total.s()).delay(on: queue)
            #expect(try await nothing.result(within: .seconds(10)) == 0)
        }
    }

    @Test func `canvases as callbacks`() async throws {
        try await working { queue in
            let callback = try chord([add.s(1), add.s(2)], then: total.s())
            let first = try await add.call(1, 1, on: queue, .link(callback), .link(chain(add.s(3), add.s(4))))
            #expect(try await first.result(within: .seconds(10)) == 2)
            let children = try #require(try await queue.storedResult(of: first.id)?.children)
            // Celery sends several callbacks as one group: a chord's body and a chain's end are its members.
            let node = try ResultNode(json: try #require(children.first))
            #expect(try await queue.value(of: node, within: .seconds(10)) == [7, 9])
        }
    }

    @Test func `a failure reaches the body, what follows it, and the errbacks`() async throws {
        let told = Mutex<[String]>([])
        let errback = TaskDefinition("samples.errback") { (id: String) in
            told.withLock { $0.append(id) }
            return id
        }
        try await working([errback.registered]) { queue in
            let handle = try await chain(
                chord([add.s(1, 1), fail.s("broken")], then: total.s().linkError(errback.s())), add.s(1)
            ).delay(on: queue)
            let failure = await #expect(throws: TaskFailure.self) { try await handle.result(within: .seconds(10)) }
            #expect(failure?.excType == "ChordError")
            #expect(failure?.description.contains("raised ValueError('broken')") == true)
            try await until { told.withLock { $0.count == 1 } }
        }
    }

    @Test func `a chord that fails inside a chord fails that too`() async throws {
        try await working { queue in
            let inner = try chord([fail.s("deep"), add.s(1, 1)], then: total.s())
            let outer = try await chord([inner, add.s(2, 2)], then: total.s()).delay(on: queue)
            let failure = await #expect(throws: TaskFailure.self) { try await outer.result(within: .seconds(10)) }
            #expect(failure?.excType == "ChordError")
        }
    }

    @Test func `a step that fails fails the chord at the chain's end`() async throws {
        try await working { queue in
            let handle = try await chord([chain(fail.s("early"), add.s(1)), add.s(1, 1)], then: total.s()).delay(
                on: queue)
            let failure = await #expect(throws: TaskFailure.self) { try await handle.result(within: .seconds(10)) }
            #expect(failure?.description.contains("early") == true)
        }
    }

    @Test func `a task in a chord may be replaced, and may add another`() async throws {
        let add = add, total = total
        let replaced = TaskDefinition("samples.replaced") { (context: TaskContext, kind: String) -> Int in
            switch kind {
            case "chain": throw context.replace(with: try chain(add.s(1, 2), add.s(3)))
            case "chord": throw context.replace(with: try chord([add.s(1, 1), add.s(2, 2)], then: total.s()))
            default: throw context.replace(with: try add.s(20, 22))
            }
        }
        let lists = TaskDefinition("samples.lists") { (context: TaskContext) -> [Int] in
            throw context.replace(with: try group(add.s(1, 1), add.s(2, 2)))
        }
        let adds = TaskDefinition("samples.adds") { (context: TaskContext, number: Int) -> Int in
            try await context.addToChord(add.s(number, number))
            return number
        }
        try await working([replaced.registered, adds.registered, lists.registered]) { queue in
            #expect(try await replaced.delay("task", on: queue).result(within: .seconds(10)) == 42)
            #expect(try await lists.delay(on: queue).result(within: .seconds(10)) == [2, 4])
            let steps = try await chain(replaced.s("chain"), add.s(1)).delay(on: queue)
            #expect(try await steps.result(within: .seconds(10)) == 7)
            let inHeader = try await chord([replaced.s("chord"), replaced.s("chain")], then: total.s()).delay(on: queue)
            #expect(try await inHeader.result(within: .seconds(10)) == 12)
            let grown = try await chord([adds.s(5), add.s(1, 1)], then: total.s()).delay(on: queue)
            #expect(try await grown.result(within: .seconds(10)) == 17)
        }
    }

    @Test func `what a body sends is its child, of the same root`() async throws {
        let add = add
        let parent = TaskDefinition("samples.parent") { (context: TaskContext) in
            try await add.delay(1, 2, on: context.queue).id.rawValue
        }
        try await working([parent.registered]) { queue in
            let handle = try await parent.delay(on: queue)
            let child = TaskID(rawValue: try await handle.result(within: .seconds(10)))
            let result = try await queue.result(of: child, within: .seconds(10))
            #expect(result.parentID == handle.id)
            #expect(try await queue.storedResult(of: handle.id)?.children == [ResultNode(task: child).json])
        }
    }

    @Test func `a task that is put off comes again as it was sent, and costs no attempt`() async throws {
        let runs = Mutex(0)
        let patient = TaskDefinition("samples.patient") { (context: TaskContext, word: String) in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            if run < 6 { throw Postpone(for: .milliseconds(20)) }
            return "\(word), \(context.retries) retries"
        }
        try await working([patient.registered]) { queue in
            let handle = try await patient.delay("done", on: queue)
            #expect(try await handle.result(within: .seconds(20)) == "done, 0 retries")
        }
        #expect(runs.withLock(\.self) == 6)
    }

    @Test func `a body may reject, ignore, and tell a state of its own`() async throws {
        let rejected = TaskDefinition("samples.reject") { (context: TaskContext, requeue: Bool) in
            if !context.headers.redelivered { throw Reject("not now", requeue: requeue) }
            return "at last"
        }
        let ignored = TaskDefinition("samples.ignore") { () -> Int in throw Ignore() }
        let (states, told) = AsyncStream<Void>.makeStream()
        let (wishes, go) = AsyncStream<Void>.makeStream()
        let stateful = TaskDefinition("samples.stateful") { (context: TaskContext) in
            try await context.updateState("PROGRESS", ["done": 50])
            told.yield()
            for await _ in wishes { break }
            return "ok"
        }
        try await working([rejected.registered, ignored.registered, stateful.registered]) { queue in
            #expect(try await rejected.delay(true, on: queue).result(within: .seconds(10)) == "at last")
            let gone = try await rejected.delay(false, on: queue)
            let failure = await #expect(throws: TaskFailure.self) { try await gone.result(within: .seconds(10)) }
            #expect(failure == .rejected("not now"))
            let quietly = try await ignored.delay(on: queue)
            let handle = try await stateful.delay(on: queue)
            for await _ in states { break }
            #expect(try await queue.storedResult(of: handle.id)?.result == ["done": 50])
            #expect(try await handle.state() == "PROGRESS")
            go.yield()
            #expect(try await handle.result(within: .seconds(10)) == "ok")
            #expect(try await quietly.state() == nil)
        }
    }

    @Test func `groups are saved, restored, read as they complete, and forgotten`() async throws {
        try await working { queue in
            let handle = try await group([add.s(1, 1), fail.s("one of them")]).delay(on: queue)
            try await handle.save()
            let restored = try #require(try await GroupHandle<Int>.restore(handle.id, queue: queue))
            #expect(restored.node == handle.node)
            var seen: [Int: TaskState] = [:]
            for try await (position, result) in restored.results(within: .seconds(10)) { seen[position] = result.state }
            #expect(seen == [0: .success, 1: .failure])
            #expect(try await handle.states() == [.success: 1, .failure: 1])
            await #expect(throws: TaskFailure.builtin("ValueError", "one of them")) {
                _ = try await handle.result(within: .seconds(10))
            }
            try await handle.forget()
            #expect(try await GroupHandle<Int>.restore(handle.id, queue: queue) == nil)
        }
    }

    @Test func `arguments that fit no parameter are refused where they are written`() throws {
        #expect(throws: TaskFailure.self) { try add.s("four") }
        #expect(throws: TaskFailure.self) { try add.s(1, 2, 3) }
        #expect(try add.s(4).signature.args == [4])
        #expect(try add.si(1, 2).signature.immutable)
    }

    @Test func `extended results say what ran where`() async throws {
        try await withQueue { queue in
            try await withWorker(queue, tasks: tasks, configure: { $0.extendsResults = true }) {
                let handle = try await add.call(2, 3, on: queue, .stamp("customer", "c9"))
                _ = try await handle.result(within: .seconds(10))
                let fields = try #require(try await queue.storedResult(of: handle.id)).fields
                #expect(fields["name"] == "samples.add" && fields["args"] == [2, 3] && fields["kwargs"] == [:])
                #expect(fields["worker"] == "test@host" && fields["retries"] == 0 && fields["queue"] == "celery")
                #expect(fields["stamped_headers"] == ["customer"] && fields["customer"] == "c9")
            }
        }
    }

    @Test func `only errors that may pass are tried again`() async throws {
        struct Passing: Error {}
        struct Lasting: Error {}
        let runs = Mutex<[String: Int]>([:])
        let options = TaskOptions(retry: .constant(.milliseconds(10), maximum: 2).only { $0 is Passing })
        let task = TaskDefinition("samples.picky", options: options) { (kind: String) -> Int in
            runs.withLock { $0[kind, default: 0] += 1 }
            if kind == "passing" { throw Passing() }
            throw Lasting()
        }
        try await working([task.registered]) { queue in
            for kind in ["passing", "lasting"] {
                let handle = try await task.delay(kind, on: queue)
                await #expect(throws: TaskFailure.self) { _ = try await handle.result(within: .seconds(10)) }
            }
            #expect(runs.withLock { $0 } == ["passing": 3, "lasting": 1])
        }
    }
}
