import CeleryProtocol
import Foundation
import Testing

@Suite("Events") struct EventTests {
    static let source = EventSource(node: "w1@worker-host", pid: 3627)

    @Test func `every recorded event message is read and written back without losing a field`() throws {
        for row in try Fixtures.rows("events") {
            let original = try JSONValue(parsing: row.text("raw"))
            let message = try EventMessage(decoding: row.text("raw").bytes)
            let again = try JSONValue(parsing: message.encoded())
            #expect(again["headers"] == original["headers"])
            #expect(again["properties"]?["delivery_info"] == original["properties"]?["delivery_info"])
            #expect(again["properties"]?.object?.keys == original["properties"]?.object?.keys)
            let body = try JSONValue(parsing: row.text("body"))
            #expect(message.events.map(JSONValue.object) == body.array ?? [body])
            #expect(try EventMessage(decoding: message.encoded()) == message)
            #expect(FanoutChannel.events(routingKey: message.routingKey, database: 0) == row.text("channel"))
        }
    }

    @Test func `our events have exactly the members that Celery's have`() throws {
        let headers = TaskHeaders(task: "samples.add", id: "1")
        let vitals = WorkerVitals(
            active: 0, processed: 0, loadAverage: [8.55, 4.78, 2.38],
            software: .init(identity: "skirret", version: "0.1", system: "Linux"))
        let ours: [WorkerEvent] = [
            .workerOnline(vitals), .workerHeartbeat(vitals), .workerOffline(vitals), .taskReceived(headers),
            .taskStarted("1"), .taskSucceeded("1", result: "5", runtimeSeconds: 0.02),
            .taskFailed("1", exception: "ValueError('boom')", traceback: "…"),
            .taskRetried("1", exception: "ValueError('boom')", traceback: "…"),
            .taskRevoked("1", terminated: true, signal: 15, expired: false), .taskRejected("1", requeue: true),
        ]
        var members: [String: [String]] = [:]
        for row in try Fixtures.rows("events") {
            for event in try EventMessage(decoding: row.text("raw").bytes).events {
                members[event["type"]?.string ?? ""] = event.keys.sorted()
            }
        }
        for event in ours where !members.isEmpty {
            let fields = event.fields(from: Self.source, clock: 4, at: Date(timeIntervalSince1970: 1_795_355_150.5))
            #expect(fields.keys.sorted() == members[event.type, default: []], "\(event.type)")
            #expect(fields["timestamp"]?.number?.text == "1795355150.5")
            #expect(fields["utcoffset"]?.number?.text == "0.0")
        }
    }

    @Test func `worker events go out alone under their own key, task events as a list`() throws {
        let worker = EventMessage(WorkerEvent.taskCancelled("1").fields(from: Self.source, clock: 1, at: .now))
        #expect(worker.routingKey == "task.cancelled" && worker.node == "w1@worker-host")
        let batch = EventMessage(batch: [WorkerEvent.taskStarted("1").fields(from: Self.source, clock: 1, at: .now)])
        let payload = try Envelope(decoding: batch.encoded()).payload()
        #expect(payload.array?.count == 1)
    }

    @Test func `the shadow name stands in for the task's`() {
        var headers = TaskHeaders(task: "real", id: "1")
        headers.shadow = "shown"
        let event = WorkerEvent.taskSent(headers, queue: "q", exchange: "", routingKey: "q")
        #expect(event.fields(from: Self.source, clock: 1, at: .now)["name"] == "shown")
    }
}
