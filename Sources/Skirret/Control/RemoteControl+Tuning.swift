import CeleryProtocol
import Logging

/// What changes the worker while it runs: limits, slots, queues, events.
extension RemoteControl {
    // MARK: limits of a task

    func limitRate(_ arguments: ControlArguments) throws -> JSONValue {
        let given = arguments["rate_limit"]
        let text = given.map { $0.string ?? $0.text } ?? "0"
        guard let limit = RateLimit(celery: text) else {
            let reason = "could not convert string to float: \(pythonRepr(.string(text)))"
            return ControlReply.error("Invalid rate limit string: ValueError(\(pythonRepr(.string(reason))))")
        }
        let name = try arguments.text("task_name")
        guard registry[name] != nil else { return ControlReply.error("unknown task") }
        settings.limitRate(of: name, to: limit.count > 0 ? limit : nil)
        logger.info("a task's rate limit changed", metadata: ["task_name": "\(name)", "rate_limit": "\(text)"])
        return ControlReply.ok(
            .string(limit.count > 0 ? "new rate limit set successfully" : "rate limit disabled successfully"))
    }

    func limitTime(_ arguments: ControlArguments) throws -> JSONValue {
        guard let name = arguments["task_name"]?.string, registry[name] != nil else {
            return ControlReply.error("unknown task")
        }
        let limits = TimeLimits(hard: arguments.seconds("hard"), soft: arguments.seconds("soft"))
        settings.limitTime(of: name, to: limits)
        logger.info(
            "a task's time limits changed",
            metadata: [
                "task_name": "\(name)", "soft": "\(limits.soft.map { "\($0) s" } ?? "none")",
                "hard": "\(limits.hard.map { "\($0) s" } ?? "none")",
            ])
        return ControlReply.ok("time limits set successfully")
    }

    // MARK: slots

    func resize(by difference: Int, _ verb: String) throws -> JSONValue {
        guard options.rescale == nil else {
            return ControlReply.error(
                "pool_\(verb) is not supported with autoscale. Adjust autoscale range instead.")
        }
        let (wanted, isTooMuch) = worker.concurrency.addingReportingOverflow(difference)
        guard !isTooMuch, slots.contains(wanted) else {
            throw ControlFault(
                raising: "ValueError",
                "pool_\(verb) by \(difference.magnitude): this worker has \(worker.concurrency) slots, and may have "
                    + "\(slots.lowerBound) to \(slots.upperBound)")
        }
        worker.resize(concurrency: wanted)
        return ControlReply.ok(.string("pool will \(verb)"))
    }

    private var slots: ClosedRange<Int> { 1...max(1, options.mostConcurrency) }

    func autoscale(_ arguments: ControlArguments) throws -> JSONValue {
        guard let rescale = options.rescale else { throw ControlFault(raising: "ValueError", "Autoscale not enabled") }
        let (most, least) = (arguments.whole("max"), arguments.whole("min"))
        guard [most, least].allSatisfy({ $0.map(slots.contains) ?? true }), (least ?? 1) <= (most ?? .max) else {
            throw ControlFault(
                raising: "ValueError",
                "autoscale: expected max and min from \(slots.lowerBound) to \(slots.upperBound), max not below min")
        }
        let bounds = rescale(most, least)
        return ControlReply.ok(.string("autoscale now max=\(bounds.upperBound) min=\(bounds.lowerBound)"))
    }

    // MARK: queues

    /// A queue costs a connection and a share of every claim.
    private static let mostQueues = 100

    func addConsumer(_ arguments: ControlArguments) async throws -> JSONValue {
        let name = QueueName(rawValue: try arguments.text("queue"))
        guard worker.queues.count < Self.mostQueues || worker.queues.contains(name) else {
            throw ControlFault(raising: "ValueError", "this worker takes from \(Self.mostQueues) queues already")
        }
        try await worker.addQueue(name)
        if arguments["exchange"] != nil {
            let exchange = try arguments.text("exchange")
            let key = arguments["routing_key"] == nil ? name.rawValue : try arguments.text("routing_key")
            let isTopic = arguments["exchange_type"]?.string == "topic"
            try await queue.bind(isTopic ? .topic(key, queue: name) : .init(routingKey: key, queue: name), to: exchange)
        }
        return ControlReply.ok(.string("add consumer \(name)"))
    }

    func cancelConsumer(_ arguments: ControlArguments) throws -> JSONValue {
        let name = QueueName(rawValue: try arguments.text("queue"))
        worker.cancelQueue(name)
        return ControlReply.ok(.string("no longer consuming from \(name)"))
    }

    /// Celery's queue, as its declaration prints.
    func description(of name: QueueName) -> JSONValue {
        [
            "name": .string(name.rawValue),
            "exchange": [
                "name": .string(name.rawValue), "type": "direct", "arguments": nil, "durable": true, "passive": false,
                "auto_delete": false, "delivery_mode": nil, "no_declare": false,
            ],
            "routing_key": .string(name.rawValue), "queue_arguments": nil, "binding_arguments": nil,
            "consumer_arguments": nil, "durable": true, "exclusive": false, "auto_delete": false, "no_ack": false,
            "alias": nil, "bindings": [], "no_declare": nil, "expires": nil, "message_ttl": nil, "max_length": nil,
            "max_length_bytes": nil, "max_priority": nil,
        ]
    }

    // MARK: events

    /// A worker that was started with `-E` says "already" to both, as Celery's, and goes on.
    func enableEvents(_ isEnabled: Bool) -> JSONValue {
        let hasChanged = !options.sendsTaskEvents && events.enableTaskEvents(isEnabled)
        return ControlReply.ok(
            .string("task events \(hasChanged ? "" : "already ")\(isEnabled ? "enabled" : "disabled")"))
    }
}
