import CeleryProtocol
import Foundation

extension Signature {
    /// Where the call goes unless the caller says otherwise.
    func queue(else fallback: QueueName) -> QueueName {
        options["queue"]?.string.map(QueueName.init(rawValue:)) ?? options["routing_key"]?.string.map(
            QueueName.init(rawValue:))
            ?? fallback
    }

    /// The call as a message of its own, its options put where Celery puts them on the wire.
    ///
    /// - Parameters:
    ///   - queue: Where it goes.
    ///   - now: The start of a `countdown`.
    /// - Returns: A message that is ready to be enqueued.
    func message(queue: QueueName, now: Date) -> TaskMessage {
        var message = TaskMessage(task: task, id: taskID ?? .random(), args: args, kwargs: kwargs, queue: queue)
        if let eta = options.date("eta") { message.headers.eta = eta }
        if let countdown = options["countdown"]?.double { message.headers.eta = now.addingTimeInterval(countdown) }
        if let expires = options["expires"] {
            message.headers.expires = options.date("expires") ?? expires.double.map { now.addingTimeInterval($0) }
        }
        if let priority = options["priority"]?.int { message.properties.priority = priority }
        if let replyTo = options["reply_to"]?.string { message.properties.replyTo = replyTo }
        let limits = TimeLimits(hard: options["time_limit"]?.double, soft: options["soft_time_limit"]?.double)
        if limits.hard != nil || limits.soft != nil { message.headers.timeLimit = limits }
        message.body.callbacks = signatures("link")
        message.body.errbacks = signatures("link_error")
        message.body.chain = signatures("chain")
        if let chord = options["chord"], !chord.isNull { message.body.chord = try? Signature(json: chord) }
        message.headers.group = options["group_id"]?.string
        message.headers.groupIndex = options["group_index"]?.int
        for name in ["shadow", "ignore_result", "replaced_task_nesting", "stamped_headers"] {
            if let value = options[name], !value.isNull { message.headers.fields[name] = value }
        }
        let stamps = options["stamped_headers"]?.array?.compactMap(\.string) ?? []
        if !stamps.isEmpty { message.headers.stamps = options.filter { stamps.contains($0.key) } }
        for (name, value) in options["headers"]?.object ?? [:] { message.headers.fields[name] = value }
        return message
    }

    /// The signatures an option holds: one, several or none.
    ///
    /// What is no signature is left out, as it could never run.
    func signatures(_ option: String) -> [Signature] {
        let values = options[option]?.array ?? options[option].map { [$0] } ?? []
        // A callback that does not parse must not keep the task's own result from being stored.
        return values.compactMap { try? Signature(json: $0) }
    }
}

extension JSONObject {
    /// A time, as plain text or as kombu wraps it: `{"__type__": "datetime", "__value__": …}`.
    fileprivate func date(_ key: String) -> Date? {
        // Anything else is no time: a number of seconds, or null.
        try? self[key]?.decode(Date.self)
    }
}
