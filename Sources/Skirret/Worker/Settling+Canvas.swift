import CeleryProtocol
import Foundation

/// What follows a task: callbacks, errbacks, the next step of a chain, a replacement.
extension Settling {
    /// What every task that is sent from here inherits.
    var inherited: JSONObject { ["parent_id": JSONValue(id), "root_id": JSONValue(root)] }

    private func start(
        _ signature: Signature, args: [JSONValue], options: JSONObject = [:]
    ) throws(TaskFailure) -> CanvasStart {
        do {
            return try CanvasStart(
                signature, args: args, options: inherited.merging(options), replyTo: TaskQueue.replyTo)
        } catch {
            throw .builtin("ValueError", "what follows \(message.headers.task) cannot be started: \(error)")
        }
    }

    /// The callbacks of a success and the next step of its chain.
    ///
    /// Several plain callbacks are sent as one group, as Celery does it.
    func callbacks(_ callbacks: [Signature], value: JSONValue) throws(TaskFailure) -> CanvasStart {
        var all = CanvasStart()
        if callbacks.count == 1 {
            all.absorb(try start(callbacks[0], args: [value]))
        } else {
            for group in callbacks where group.subtaskType == "group" { all.absorb(try start(group, args: [value])) }
            let others = callbacks.filter { $0.subtaskType != "group" }
            if !others.isEmpty { all.absorb(try start(.group(others), args: [value])) }
        }
        var chain = message.body.chain
        // Stored reversed: the next step is the last element.
        if let step = chain.popLast() {
            all.absorb(try start(step, args: [value], options: ["chain": .array(chain.map(\.json))]))
        }
        return all
    }

    /// The errbacks of a failure, as one group.
    ///
    /// One that cannot be started must not keep the failure itself from being told.
    func errbacks(_ errbacks: [Signature], of failed: TaskID) -> CanvasStart {
        guard !errbacks.isEmpty else { return CanvasStart() }
        let options: JSONObject = ["parent_id": JSONValue(failed)]
        let args = [JSONValue(failed)]
        if let all = try? start(.group(errbacks), args: args, options: options) { return all }
        var some = CanvasStart()
        for errback in errbacks {
            if let one = try? start(.group([errback]), args: args, options: options) { some.absorb(one) }
        }
        return some
    }

    /// A signature in place of this task: under its id, at its place in group, chord and chain.
    func replacement(_ signature: Signature) throws(TaskFailure) -> CanvasStart {
        guard signature.options["chord"].map(\.isNull) ?? true else {
            throw .builtin("ValueError", "a signature that replaces a task must not be part of a chord")
        }
        var signature = signature
        if Self.endsInGroup(signature) {
            // A group has no result of its own that could stand for the task's.
            let collect = Signature(task: "celery.accumulate", kwargs: ["index": 0])
            signature = .chain([signature, collect])
        }
        for callback in message.body.callbacks { signature = signature.linked(callback) }
        for errback in message.body.errbacks { signature = signature.linkedError(errback) }
        let headers = message.headers
        let nesting: JSONObject = ["replaced_task_nesting": .int(headers.replacedTaskNesting + 1)]
        var options = nesting.merging(["task_id": JSONValue(id)])
        if let group = headers.group { options["group_id"] = .string(group) }
        if let index = headers.groupIndex { options["group_index"] = .int(index) }
        if let chord = message.body.chord { options["chord"] = chord.json }
        let chain = message.body.chain.map { $0.with(options: nesting).json }
        if !chain.isEmpty { options["chain"] = .array(chain) }
        return try start(signature, args: [], options: options)
    }

    private static func endsInGroup(_ signature: Signature) -> Bool {
        switch signature.subtaskType {
        case "group", "chunks": true
        case "chain":
            (signature.kwargs["tasks"]?.array?.last).flatMap { try? Signature(json: $0) }.map(endsInGroup) ?? false
        case "chord": signature.kwargs["body"].flatMap { try? Signature(json: $0) }.map(endsInGroup) ?? false
        default: false
        }
    }

    /// Puts what is to be sent into a settlement.
    func send(_ start: CanvasStart, in settlement: inout Settlement) {
        settlement.chords += start.chords
        settlement.groups += start.groups
        for task in start.tasks {
            var next = task.message(queue: task.queue(else: route(task.task)), now: now)
            FairTurn.handOn(from: message.headers, to: &next.headers)
            settlement.followUps.append(followUp(next))
        }
    }

    private func followUp(_ message: TaskMessage) -> Settlement.FollowUp {
        let list = keys.queue(QueueName(rawValue: message.properties.routingKey), priority: message.properties.priority)
        let due: Settlement.FollowUp.Due = message.headers.eta.map { .at($0) } ?? .now
        var next = Settlement.FollowUp(list: list, id: message.headers.id, due: due, message: message.encoded())
        if !message.properties.exchange.isEmpty { next.exchanged = message }
        return next
    }
}
