import CeleryProtocol
import Foundation
import Testing

@testable import Skirret

/// What an outcome means for everybody else, decided on values only.
@Suite("Settling") struct SettlingTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let failure = TaskFailure.builtin("ValueError", "boom")

    private func settling(_ message: TaskMessage, ignoresResult: Bool = false) -> Settling {
        let claim = Claim(
            token: "S-0", list: "celery", message: message.encoded(), crashes: 0, isRevoked: false, claimedAt: now)
        return Settling(
            keys: Keys(), message: message, claim: claim, defaultQueue: "celery", ignoresResult: ignoresResult, now: now
        )
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

    @Test func `a success is stored with its origin and ends the task`() throws {
        let settlement = try settling(message()).settlement(for: .succeeded(5))
        #expect(settlement.isFinal && settlement.followUps.isEmpty && settlement.finishedChord == nil)
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
        group.subtaskType = "group"
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

    @Test func `a chord's body gets the results in order as one argument`() throws {
        let end = try settling(message()).chordBody(
            step("body"), parts: [part("a", "SUCCESS", 1), part("b", "SUCCESS", [2])], group: "g")
        #expect(end.finishedChord == "celery-taskset-meta-g")
        #expect(try end.followUps.map { try decoded($0).body.args } == [[[1, [2]], 9]])
        #expect(end.results.isEmpty)
    }

    @Test(arguments: ["FAILURE", "REVOKED"])
    func `one part that failed fails the body`(state: String) throws {
        let body = step("body", ["link_error": step("errback").json])
        let end = try settling(message()).chordBody(
            body, parts: [part("a", "SUCCESS", 1), part("b", state, failure.json)], group: "g")
        #expect(end.results.map(\.key) == ["celery-task-meta-body"])
        #expect(end.results.first?.result.failure == .chordError("Dependency b raised ValueError('boom')"))
        #expect(try end.followUps.map { try decoded($0).body.args } == [["body", 9]])
    }

    @Test func `a body that cannot be started fails itself, not the part that came last`() throws {
        var body = step("body")
        body.subtaskType = "chord"
        let end = try settling(message()).chordBody(body, parts: [part("a", "SUCCESS", 1)], group: "g")
        #expect(end.results.first?.result.failure?.excType == "NotImplementedError")
        #expect(end.results.map(\.key) == ["celery-task-meta-body"])
    }
}
