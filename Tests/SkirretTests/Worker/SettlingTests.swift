import CeleryProtocol
import Foundation
import Testing

@testable import Skirret

/// What an outcome means for everybody else, decided on values only.
@Suite("Settling") struct SettlingTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let failure = TaskFailure.builtin("ValueError", "boom")

    private func settling(_ message: TaskMessage, ignoresResult: Bool = false) -> Settling {
        let claim = Claim(token: "S-0", list: "celery", message: message.encoded(), claimedAt: now)
        return Settling(
            keys: Keys(), message: message, claim: claim, route: { _ in "celery" }, ignoresResult: ignoresResult,
            now: now)
    }

    private func message(_ change: (inout TaskMessage) -> Void = { _ in }) -> TaskMessage {
        var message = TaskMessage(task: "t", id: "a", args: [1], queue: "celery")
        message.headers.rootID = "root"
        message.headers.parentID = "parent"
        change(&message)
        return message
    }

    private func step(_ id: String, _ options: JSONObject = [:]) -> Signature {
        var step = Signature(task: "next", args: [9], options: options)
        step.taskID = TaskID(rawValue: id)
        return step
    }

    private func decoded(_ followUp: Settlement.FollowUp) throws -> TaskMessage {
        try TaskMessage(decoding: followUp.message)
    }

    @Test(arguments: [nil, "group"])
    func `a plain end is written as it is decided`(group: String?) throws {
        let message = message { $0.headers.group = group }
        let value: JSONValue = ["k": [1, "é\"", 2.5, nil]]
        let decided = try settling(message).settlement(for: .succeeded(value)).results.first?.result.encoded()
        #expect(decided == TaskResult.encodedSuccess("a", value, at: now, parentID: "parent", groupID: group))
    }

    @Test func `only an end that is decided to be plain is taken for one`() throws {
        let changes: [(inout TaskMessage) -> Void] = [
            { _ in }, { $0.body.callbacks = [Signature(task: "next")] }, { $0.body.chain = [Signature(task: "next")] },
            { $0.body.errbacks = [Signature(task: "next")] }, { $0.headers.batch = "b" },
            { message in
                message.headers.group = "g"
                message.body.chord = Signature(task: "body")
            },
            { $0.headers.fields["skirret_unique"] = ["name": "u", "until": "done"] },
        ]
        let isPlain = try changes.map { change in
            let message = message(change)
            let claim = Claim(token: "S-0", list: "celery", message: [], claimedAt: now)
            let isTaken = Run(claim: claim, message: message).isPlain
            let isDecided = try settling(message).settlement(for: .succeeded(1)).isPlain
            #expect(!isTaken || isDecided)
            return isTaken
        }
        #expect(isPlain == [true] + Array(repeating: false, count: changes.count - 1))
    }

    @Test func `a success is stored with its origin and ends the task`() throws {
        let settlement = try settling(message()).settlement(for: .succeeded(5))
        #expect(settlement.isFinal && settlement.followUps.isEmpty && !settlement.touchesChords)
        #expect(settlement.results.map(\.key) == ["celery-task-meta-a"])
        #expect(settlement.own?.state == .success && settlement.own?.result == 5)
        #expect(settlement.own?.parentID == "parent" && settlement.own?.dateDone == now)
    }

    @Test func `a result that nobody wants is not stored, but counts for a chord`() throws {
        let settlement = try settling(message(), ignoresResult: true).settlement(for: .succeeded(5))
        #expect(settlement.results.isEmpty)
        #expect(settlement.own?.result == 5)
    }

    @Test func `callbacks and the next step get the result in front of their arguments`() throws {
        let given = message {
            $0.body.callbacks = [step("callback", ["queue": "other", "priority": 6])]
            $0.body.chain = [step("third"), step("second")]
        }
        let settlement = try settling(given).settlement(for: .succeeded(5))
        let sent = try settlement.followUps.map(decoded)
        #expect(sent.map(\.headers.id) == ["callback", "second"])
        #expect(settlement.followUps.map(\.list) == ["other\u{06}\u{16}6", "celery"])
        for next in sent {
            #expect(next.body.args == [5, 9])
            #expect(next.headers.rootID == "root" && next.headers.parentID == "a")
        }
        #expect(sent.map(\.body.chain.count) == [0, 1])
        #expect(settlement.own?.children.count == 2)
    }

    @Test func `a failure is told to every step that will not run, and to the errbacks`() throws {
        let given = message {
            $0.body.chain = [step("third"), step("second")]
            $0.body.errbacks = [step("errback")]
        }
        let settlement = try settling(given).settlement(for: .failed(failure))
        #expect(
            settlement.results.map(\.key) == [
                "celery-task-meta-a", "celery-task-meta-third", "celery-task-meta-second",
            ])
        #expect(settlement.results.allSatisfy { $0.result.failure == failure })
        #expect(try settlement.followUps.map { try decoded($0).body.args } == [["a", 9]])
    }

    @Test func `an errback that cannot be started does not hide the failure`() throws {
        var group = step("errback")
        group.subtaskType = "group"  // without members
        let given = message { $0.body.errbacks = [group, step("plain")] }
        let settlement = try settling(given).settlement(for: .failed(failure))
        #expect(settlement.own?.failure == failure)
        #expect(settlement.followUps.map(\.id) == ["plain"])
    }

    @Test(arguments: [(Duration.seconds(30), Settlement.FollowUp.Due.after(.seconds(30))), (.zero, .now)])
    func `a retry is the same message, one attempt later`(delay: Duration, due: Settlement.FollowUp.Due) throws {
        let given = message {
            $0.headers.fields["mine"] = "kept"
            $0.headers.redelivered = true
        }
        let settlement = try settling(given).settlement(for: .retry(after: delay, reason: failure))
        #expect(!settlement.isFinal && settlement.own?.state == .retry)
        let next = try #require(settlement.followUps.first)
        #expect(next.due == due && next.list == "celery" && next.id == "a")
        let sent = try decoded(next)
        #expect(sent.headers.retries == 1 && sent.headers.id == "a" && sent.headers.rootID == "root")
        #expect(sent.headers.parentID == "a" && sent.headers.fields["mine"] == "kept" && !sent.headers.redelivered)
        #expect(sent.headers.eta == now + delay.seconds)
        #expect(sent.properties.deliveryTag != given.properties.deliveryTag)
        #expect(sent.body == given.body)
    }

    @Test func `what came too early is parked as it is`() throws {
        let given = message()
        let eta = now + 60
        let settlement = try settling(given).settlement(for: .early(until: eta))
        #expect(!settlement.isFinal && settlement.results.isEmpty && settlement.own == nil)
        #expect(settlement.followUps.map(\.due) == [.at(eta)])
        #expect(settlement.followUps.first?.message == given.encoded())
    }

    @Test(arguments: [Revocation.revoked, .terminated, .expired])
    func `a revoked task says why`(why: Revocation) throws {
        let settlement = try settling(message()).settlement(for: .revoked(why))
        #expect(settlement.own?.state == .revoked && settlement.isFinal)
        #expect(settlement.own?.failure == .revoked(why.rawValue))
    }

    @Test(arguments: [Outcome.crashed(reason: "x"), .handedBack, .leaseLost])
    func `what is not ours to end writes nothing`(outcome: Outcome) throws {
        let settlement = try settling(message()).settlement(for: outcome)
        #expect(settlement.results.isEmpty && settlement.followUps.isEmpty && !settlement.isFinal)
    }

    // MARK: chords

    private func part(_ id: String, _ state: String, _ value: JSONValue) -> [UInt8] {
        JSONValue.array([1, .string(id), .string(state), value]).encoded()
    }

    /// The settlement of a part that turned out to be the last.
    private func last(_ body: Signature, _ parts: [[UInt8]], saved: [UInt8]? = nil) throws -> Settlement {
        let given = message {
            $0.headers.group = "g"
            $0.headers.groupIndex = 1
            $0.body.chord = body
        }
        let before = try settling(given).settlement(for: .succeeded(5))
        #expect(before.parts.map(\.group) == ["g"] && before.parts.first?.value == 5 && before.followUps.isEmpty)
        return try settling(given).settlement(
            for: .succeeded(5), completed: ["g": ChordParts(parts: parts, saved: saved)])
    }

    @Test func `a chord's body gets the results in order as one argument`() throws {
        let end = try last(step("body"), [part("x", "SUCCESS", 1), part("b", "SUCCESS", [2])])
        #expect(end.bodies == [.init(group: "g", count: 2, isError: false)])
        #expect(try end.followUps.map { try decoded($0).body.args } == [[[1, [2]], 9]])
        #expect(end.results.map(\.key) == ["celery-task-meta-a"])
    }

    @Test func `parts that Celery compressed are read`() throws {
        let parts = [part("x", "SUCCESS", 1), part("b", "SUCCESS", [2])].map(ResultPayload.compressed)
        let end = try last(step("body"), parts)
        #expect(try end.followUps.map { try decoded($0).body.args } == [[[1, [2]], 9]])
        let failed = try last(step("body"), [ResultPayload.compressed(part("x", "FAILURE", ["exc_type": "E"]))])
        #expect(failed.bodies == [.init(group: "g", count: 1, isError: true)])
    }

    @Test func `a header with groups in it gives lists in lists`() throws {
        let saved = ResultNode(
            group: "g", members: [.init(group: "h", members: [.init(task: "y"), .init(task: "x")]), .init(task: "z")])
        let parts = [part("x", "SUCCESS", 1), part("z", "SUCCESS", 2), part("y", "SUCCESS", 3)]
        let end = try last(step("body"), parts, saved: saved.saved.encoded())
        #expect(try end.followUps.map { try decoded($0).body.args } == [[[[3, 1], 2], 9]])
    }

    @Test(arguments: ["FAILURE", "REVOKED"])
    func `one part that failed fails the body`(state: String) throws {
        let body = step("body", ["link_error": step("errback").json])
        let end = try last(body, [part("x", "SUCCESS", 1), part("b", state, failure.json)])
        #expect(end.results.map(\.key) == ["celery-task-meta-a", "celery-task-meta-body"])
        #expect(end.results.last?.result.failure == .chordError("Dependency b raised ValueError('boom')"))
        #expect(try end.followUps.map { try decoded($0).body.args } == [["body", 9]])
        #expect(end.bodies == [.init(group: "g", count: 2, isError: true)])
    }

    @Test func `the members of a group as body fail with the cause, and so does what comes after it`() throws {
        let body = Signature.group([step("m1", ["link_error": step("errback").json]), step("m2")])
            .with(options: ["chain": [step("after").json], "task_id": "group"])
        let end = try last(body, [part("b", "FAILURE", failure.json)])
        let failures = Dictionary(end.results.dropFirst().map { ($0.key, $0.result.failure) }, uniquingKeysWith: { $1 })
        #expect(failures["celery-task-meta-m1"] == failure && failures["celery-task-meta-m2"] == failure)
        #expect(failures["celery-task-meta-after"]??.excType == "ChordError")
        #expect(try end.followUps.map { try decoded($0).body.args } == [["m1", 9]])
    }

    @Test func `a body that is a part of another chord fails there too`() throws {
        let outer = step("outer")
        let body = step("body", ["chord": outer.json, "group_id": "o", "group_index": 3])
        let end = try last(body, [part("b", "FAILURE", failure.json)])
        #expect(end.parts.map(\.group) == ["g", "o"] && end.parts.last?.index == 3)
        #expect(end.parts.last?.state == .failure)
    }

    @Test func `a body that cannot be started fails itself, not the part that came last`() throws {
        var body = step("body")
        body.subtaskType = "chord"  // without a header
        let end = try last(body, [part("x", "SUCCESS", 1)])
        #expect(end.own?.state == .success)
        #expect(end.results.last?.result.failure?.excType == "ChordError")
        #expect(end.results.last?.key == "celery-task-meta-body")
    }

    // MARK: endings of a body's own

    @Test func `a replacement runs under the task's id and at its place`() throws {
        let given = message {
            $0.headers.group = "g"
            $0.headers.groupIndex = 2
            $0.body.chord = step("body")
            $0.body.callbacks = [step("callback")]
            $0.body.chain = [step("second")]
        }
        let settlement = try settling(given).settlement(for: .replaced(by: Signature(task: "other", args: [7])))
        #expect(settlement.own == nil && settlement.results.isEmpty && settlement.parts.isEmpty)
        let sent = try decoded(try #require(settlement.followUps.first))
        #expect(sent.headers.id == "a" && sent.headers.parentID == "a" && sent.headers.rootID == "root")
        #expect(sent.headers.group == "g" && sent.headers.groupIndex == 2 && sent.headers.replacedTaskNesting == 1)
        #expect(sent.body.args == [7] && sent.body.chord?.taskID == "body")
        #expect(sent.body.callbacks.map(\.taskID) == ["callback"] && sent.body.chain.map(\.taskID) == ["second"])
    }

    @Test func `a group in a task's place is collected under the task's id`() throws {
        let settlement = try settling(message()).settlement(for: .replaced(by: .group([step("x"), step("y")])))
        let sent = try settlement.followUps.map(decoded)
        #expect(sent.map(\.headers.id) == ["x", "y"])
        #expect(sent.map { $0.body.chord?.task } == ["celery.accumulate", "celery.accumulate"])
        #expect(sent.first?.body.chord?.taskID == "a")
        #expect(settlement.chords.map(\.size) == [2])
    }

    @Test func `what is rejected is gone with a failure, or goes behind all others`() throws {
        let gone = try settling(message()).settlement(for: .rejected("no", requeues: false))
        #expect(gone.own?.failure == .rejected("no") && gone.isFinal)
        let back = try settling(message()).settlement(for: .rejected("later", requeues: true))
        #expect(back.own == nil && !back.isFinal)
        let next = try decoded(try #require(back.followUps.first))
        #expect(next.headers.redelivered && next.properties.redelivered)
    }

    @Test func `a revoked task's chain will never run, and says so`() throws {
        let settlement = try settling(message { $0.body.chain = [step("second")] }).settlement(for: .revoked(.revoked))
        #expect(settlement.results.map(\.result.state) == [.revoked, .revoked])
    }
}
