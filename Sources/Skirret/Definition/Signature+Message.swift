import CeleryProtocol
import Foundation

extension Signature {
    /// Where the call goes unless the caller says otherwise.
    func queue(else fallback: @autoclosure () -> QueueName) -> QueueName {
        if let queue = options["queue"]?.string { return QueueName(rawValue: queue) }
        // Without an exchange of its own a routing key goes to the queue of that name.
        if let key = options["routing_key"]?.string { return QueueName(rawValue: key) }
        return fallback()
    }

    /// The call as a message of its own, its options put where Celery puts them on the wire.
    ///
    /// - Parameters:
    ///   - queue: Where it goes.
    ///   - now: The start of a `countdown`.
    /// - Returns: A message that is ready to be enqueued.
    func message(queue: QueueName, now: Date) -> TaskMessage {
        var message = TaskMessage(task: task, id: taskID ?? .random(), args: args, kwargs: kwargs, queue: queue)
        message.headers.origin = TaskQueue.origin
        setTimes(&message, now)
        setWorkflow(&message)
        if let exchange = options["exchange"]?.string, !exchange.isEmpty, options["queue"]?.string == nil {
            message.properties.exchange = exchange
            message.properties.routingKey = options["routing_key"]?.string ?? ""
        }
        if let priority = options["priority"]?.int { message.properties.priority = priority }
        if let replyTo = options["reply_to"]?.string { message.properties.replyTo = replyTo }
        // Names of compressions that are not built in mean none, which every reader understands.
        let isGzip = ["gzip", "zlib", "application/x-gzip"].contains(options["compression"]?.string)
        if isGzip { message.headers.compression = "application/x-gzip" }
        let inHeaders = ["shadow", "ignore_result", "replaced_task_nesting", "stamped_headers", "retries", "origin"]
        for name in inHeaders {
            if let value = options[name], !value.isNull { message.headers.fields[name] = value }
        }
        let stamps = options["stamped_headers"]?.array?.compactMap(\.string) ?? []
        if !stamps.isEmpty { message.headers.stamps = options.filter { stamps.contains($0.key) } }
        for (name, value) in options["headers"]?.object ?? [:] { message.headers.fields[name] = value }
        return message
    }

    private func setTimes(_ message: inout TaskMessage, _ now: Date) {
        if let eta = options.date("eta") { message.headers.eta = eta }
        if let countdown = options["countdown"]?.double { message.headers.eta = now.addingTimeInterval(countdown) }
        if let expires = options["expires"], !expires.isNull {
            message.expire(options.date("expires") ?? expires.double.map { now.addingTimeInterval($0) }, now: now)
        }
        let limits = TimeLimits(hard: options["time_limit"]?.double, soft: options["soft_time_limit"]?.double)
        if limits.hard != nil || limits.soft != nil { message.headers.timeLimit = limits }
    }

    private func setWorkflow(_ message: inout TaskMessage) {
        message.body.callbacks = signatures("link")
        message.body.errbacks = signatures("link_error")
        message.body.chain = signatures("chain")
        // Why `try?`: a body that is no signature could never run, and the part itself can.
        if let chord = options["chord"], !chord.isNull { message.body.chord = try? Signature(json: chord) }
        message.headers.group = options["group_id"]?.string
        message.headers.groupIndex = options["group_index"]?.int
        if let root = options["root_id"]?.string { message.headers.rootID = TaskID(rawValue: root) }
        if let parent = options["parent_id"]?.string { message.headers.parentID = TaskID(rawValue: parent) }
    }
}

extension TaskMessage {
    /// Sets the time after which the message is of no use, where Celery puts it.
    mutating func expire(_ date: Date?, now: Date) {
        headers.expires = date
        guard let date else { return }
        properties.expiration = String(max(0, Int((date.timeIntervalSince(now) * 1000).rounded(.down))))
    }
}

extension JSONObject {
    /// A time, as plain text or as kombu wraps it: `{"__type__": "datetime", "__value__": …}`.
    fileprivate func date(_ key: String) -> Date? {
        // Anything else is no time: a number of seconds, or null.
        try? self[key]?.decode(Date.self)
    }
}
