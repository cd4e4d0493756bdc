import CeleryProtocol
import Foundation
import Testing

@testable import Skirret

@Suite("Signatures as messages") struct SignatureMessageTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func message(_ options: JSONObject) -> TaskMessage {
        Signature(task: "t", args: [1], options: options).message(queue: "celery", now: now)
    }

    @Test(arguments: [
        "2027-01-15T08:00:30+00:00",
        ["__type__": "datetime", "__value__": "2027-01-15T08:00:30+00:00"] as JSONValue,
    ])
    func `times are read plain and as kombu wraps them`(time: JSONValue) {
        let message = message(["eta": time, "expires": time])
        #expect(message.headers.eta == now + 30)
        #expect(message.headers.expires == now + 30)
    }

    @Test func `countdown and a number of seconds count from now`() {
        let message = message(["countdown": 5, "expires": 60.5])
        #expect(message.headers.eta == now + 5)
        #expect(message.headers.expires == now + 60.5)
    }

    @Test func `what is no time is none`() {
        let message = message(["eta": nil, "expires": "tomorrow"])
        #expect(message.headers.eta == nil && message.headers.expires == nil)
    }

    @Test func `options stand where Celery puts them`() throws {
        let message = message([
            "task_id": "id", "priority": 3, "reply_to": "r", "group_id": "g", "group_index": 2, "time_limit": 9,
            "soft_time_limit": 8, "link": ["task": "l"], "link_error": [["task": "e"]], "chain": [["task": "c"]],
            "chord": ["task": "b"], "shadow": "s", "headers": ["mine": 1], "stamped_headers": ["who"], "who": "me",
        ])
        #expect(message.headers.id == "id" && message.properties.priority == 3 && message.properties.replyTo == "r")
        #expect(message.headers.group == "g" && message.headers.groupIndex == 2)
        #expect(message.headers.timeLimit.hard == 9 && message.headers.timeLimit.soft == 8)
        #expect(message.body.callbacks.map(\.task) == ["l"] && message.body.errbacks.map(\.task) == ["e"])
        #expect(message.body.chain.map(\.task) == ["c"] && message.body.chord?.task == "b")
        #expect(message.headers.fields["shadow"] == "s" && message.headers.fields["mine"] == 1)
        #expect(message.headers.fields["stamps"] == ["who": "me"])
    }

    @Test func `the queue is the option's, the routing key's, or the fallback`() {
        func queue(_ options: JSONObject) -> QueueName { Signature(task: "t", options: options).queue(else: "f") }
        #expect(queue(["queue": "q", "routing_key": "r"]) == "q")
        #expect(queue(["routing_key": "r"]) == "r")
        #expect(queue(["queue": nil]) == "f")
    }
}

@Suite("Arguments") struct ArgumentTests {
    @Test func `a date and bytes travel as kombu wraps them, and come back`() throws {
        let task = TaskDefinition("t") { (date: Date, data: Data) in "\(date)\(data)" }
        let date = Date(timeIntervalSince1970: 1_800_000_000)
        let args = try task.encode(date, Data([0xFF]))
        #expect(args[0]["__type__"] == "datetime")
        #expect(args[1]["__type__"] == "base64")
        var reader = ArgumentReader(task: "t", parameters: [], args: args, kwargs: [:])
        #expect(try reader.next(Date.self) == date)
        #expect(try reader.next(Data.self) == Data([0xFF]))
        try reader.finish()
    }

    @Test func `Python's words for arguments that do not fit`() {
        func refusal(_ args: [JSONValue], _ kwargs: JSONObject) -> String? {
            var reader = ArgumentReader(task: "t", parameters: ["x", "y"], args: args, kwargs: kwargs)
            do {
                _ = try reader.next(Int.self)
                _ = try reader.next(Int?.self)
                try reader.finish()
                return nil
            } catch {
                return (error as? TaskFailure)?.excMessage.first?.string
            }
        }
        #expect(refusal([1], [:]) == nil)
        #expect(refusal([], ["y": 2, "x": 1]) == nil)
        #expect(refusal([], [:]) == "t() missing required argument 'x'")
        #expect(refusal([1, 2, 3], [:]) == "t() takes 2 arguments but 3 were given")
        #expect(refusal([1], ["z": 2]) == "t() got an unexpected keyword argument 'z'")
        #expect(refusal(["one"], [:])?.hasPrefix("t() argument 'x': expected Int") == true)
    }
}
