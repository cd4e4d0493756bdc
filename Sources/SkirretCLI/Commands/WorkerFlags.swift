import ArgumentParser
import CeleryProtocol
import Foundation
import Logging
import Skirret

/// What a worker takes from and under which name it is seen; Celery's flags.
struct WorkerIdentityFlags: ParsableArguments {
    @Option(name: [.customShort("Q"), .long], help: "Queues to take from, separated by commas.")
    var queues: String?

    @Option(
        name: [.customShort("n"), .customLong("name"), .customLong("hostname")],
        help: "The node's name, such as w1@%h. %h is this host, %n its first part, %d the rest.")
    var name: String?

    @Option(help: "Write the process id to this file, and remove it at the end.")
    var pidfile: String?
}

/// How messages are taken and acknowledged; Celery's flags.
struct WorkerDeliveryFlags: ParsableArguments {
    @Flag(
        name: .customLong("acks-late"),
        help: "Acknowledge after the result is stored: a run whose worker dies is run again. The default here.")
    var acksLate = false

    @Flag(
        name: .customLong("acks-early"),
        help: "Acknowledge before the run, as Celery does by default: a run whose worker dies is lost.")
    var acksEarly = false

    @Option(
        help: ArgumentHelp(
            "Seconds after which Python workers of this database take a message for abandoned.",
            discussion:
                "kombu's visibility_timeout, 3600. What is held is renewed well before. The smallest of any worker counts for all."
        ))
    var visibilityTimeout: Double?

    @Option(
        help: "Seconds after which a run is told to stop, for tasks that do not say; Celery's SoftTimeLimitExceeded.")
    var softTimeLimit: Double?

    @Option(help: "Seconds after which a run that does not listen is given up, for tasks that do not say.")
    var timeLimit: Double?

    func validate() throws {
        if acksLate, acksEarly { throw ValidationError("--acks-late and --acks-early exclude each other.") }
        for (flag, value) in [
            ("visibility-timeout", visibilityTimeout), ("soft-time-limit", softTimeLimit), ("time-limit", timeLimit),
        ] {
            guard let value, !(value.isFinite && value > 0) else { continue }
            throw ValidationError("--\(flag): expected seconds, more than 0, got \(value).")
        }
    }

    func apply(to options: inout WorkerOptions, logger: Logger) {
        options.acknowledgesEarly = acksEarly
        options.timeLimits = TimeLimits(hard: timeLimit, soft: softTimeLimit)
        guard let visibilityTimeout else { return }
        options.visibilityTimeout = .seconds(visibilityTimeout)
        // Four renewals fit, however small it is.
        options.heartbeat = min(options.heartbeat, .seconds(visibilityTimeout / 4))
        if options.visibilityTimeout < options.lease {
            logger.warning(
                "the visibility timeout is shorter than a lease: Python workers may run a message again while ours is only slow",
                metadata: ["visibility_timeout": "\(visibilityTimeout) s", "lease": "\(options.lease.seconds) s"])
        }
    }
}

/// What a worker tells and whom it obeys; Celery's flags.
struct WorkerReportFlags: ParsableArguments {
    @Flag(name: [.customShort("E"), .customLong("task-events")], help: "Send task events for monitors such as Flower.")
    var taskEvents = false

    @Flag(help: "Store the state STARTED when a task begins.")
    var trackStarted = false

    @Flag(help: "Store name, arguments, worker, retries, queue and stamps with every result.")
    var resultExtended = false

    @Option(
        help: ArgumentHelp(
            "How results are compressed: gzip. Celery's result_compression; not at all unless given.",
            discussion: "Workers and readers need not agree on it, Celery's included: a result says how it is stored."))
    var resultCompression: String?

    @Flag(help: "Do not ask the other workers at the start which tasks are revoked.")
    var withoutMingle = false

    @Flag(help: "Send no heartbeat events; monitors take the worker for dead then.")
    var withoutHeartbeat = false

    @Option(
        help: ArgumentHelp(
            "Which remote control commands are obeyed: all, standard, inspect, none, or commands, separated by commas.",
            discussion: """
                standard asks, revokes and turns events on and off; it refuses what changes the worker: rate_limit, \
                time_limit, pool_grow, pool_shrink, autoscale, add_consumer, cancel_consumer, shutdown.
                """, valueName: "list"))
    var remoteControl = "standard"

    /// Nil for none.
    func compression() throws -> CallOptions.Compression? {
        try resultCompression.map { try .init($0, flag: "--result-compression") }
    }

    func apply(to options: inout WorkerOptions) throws {
        options.sendsTaskEvents = taskEvents
        options.tracksStarted = trackStarted
        options.extendsResults = resultExtended
        options.mingles = !withoutMingle
        options.sendsHeartbeatEvents = !withoutHeartbeat
        do { options.remoteControl = try RemoteControlPolicy(parsing: remoteControl) } catch {
            throw ValidationError("--remote-control: \(error)")
        }
    }
}

/// Celery's flags that change nothing here, so that a command line of Celery's starts as it is.
struct WorkerCeleryFlags: ParsableArguments {
    @Flag(help: "Accepted: this worker does not listen to the others' events.")
    var withoutGossip = false

    @Option(help: "Accepted: a message is taken for a free slot only, so nothing is prefetched.")
    var prefetchMultiplier: Int?

    @Option(name: [.customShort("P"), .customLong("pool")], help: "Accepted: tasks run side by side in one process.")
    var pool: String?

    @Option(name: .customShort("O"), help: "Accepted: tasks are always scheduled fairly.")
    var optimization: String?

    @Flag(help: "Accepted: nothing is prefetched anyway.")
    var disablePrefetch = false

    @Option(name: [.customShort("S"), .customLong("statedb")], help: "Accepted: revoked tasks are kept in Redis.")
    var statedb: String?

    func explain(to logger: Logger) {
        let given: [(String, Bool, String)] = [
            ("--prefetch-multiplier", prefetchMultiplier != nil, "a message is taken for a free slot only"),
            ("--disable-prefetch", disablePrefetch, "a message is taken for a free slot only"),
            ("--pool", pool != nil, "tasks run side by side in one process; --processes makes more"),
            ("-O", optimization != nil, "tasks go to whoever has a free slot"),
            ("--statedb", statedb != nil, "revoked tasks are kept in Redis, for all workers"),
        ]
        for (flag, isGiven, reason) in given where isGiven {
            logger.notice("a flag of Celery's changes nothing here", metadata: ["flag": "\(flag)", "why": "\(reason)"])
        }
    }
}

/// A file with the process id, for those who watch over processes.
struct PIDFile {
    private let path: String

    /// Writes it; one left behind by a process that is gone is replaced.
    ///
    /// - Throws: `ValidationError` when the process it names still lives.
    init(_ path: String) throws {
        self.path = path
        // No file, or one without a number in it: nobody claims the place.
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        if let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)), pid > 0, pid != getpid(),
            kill(pid, 0) == 0 || errno == EPERM
        {
            throw ValidationError(
                "--pidfile: \(path) names process \(pid), which runs. Stop it, or choose another file.")
        }
        try "\(getpid())\n".write(toFile: path, atomically: true, encoding: .utf8)
    }

    func remove() {
        // Somebody else removed it: so much the better.
        try? FileManager.default.removeItem(atPath: path)
    }
}
