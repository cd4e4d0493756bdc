#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What a worker says of itself with every sign of life.
public struct WorkerVitals: Sendable, Hashable {
    /// Seconds between two heartbeats; monitors give a worker up after twice as many.
    public var frequency: Double
    /// Tasks that run now.
    public var active: Int
    /// Tasks that were run since the start.
    public var processed: Int
    /// Load of 1, 5 and 15 minutes.
    public var loadAverage: [Double]
    /// What the worker is.
    public var software: Software

    /// The worker software, as monitors show it.
    public struct Software: Sendable, Hashable {
        /// Its name: `py-celery`, `skirret`.
        public var identity: String
        /// Its version.
        public var version: String
        /// Its operating system.
        public var system: String

        /// A name, a version, a system.
        public init(identity: String, version: String, system: String) {
            self.identity = identity
            self.version = version
            self.system = system
        }
    }

    /// Vitals at one moment.
    public init(
        frequency: Double = 2, active: Int, processed: Int, loadAverage: [Double], software: Software
    ) {
        self.frequency = frequency
        self.active = active
        self.processed = processed
        self.loadAverage = loadAverage
        self.software = software
    }

    fileprivate var fields: JSONObject {
        [
            "freq": .double(frequency), "active": .int(active), "processed": .int(processed),
            "loadavg": .array(loadAverage.map(JSONValue.double)), "sw_ident": .string(software.identity),
            "sw_ver": .string(software.version), "sw_sys": .string(software.system),
        ]
    }
}

/// One event, as monitors such as Flower and `celery events` read it.
public enum WorkerEvent: Sendable, Hashable {
    /// The worker has started.
    case workerOnline(WorkerVitals)
    /// The worker lives.
    case workerHeartbeat(WorkerVitals)
    /// The worker ends in good order.
    case workerOffline(WorkerVitals)
    /// A client sent a task to a queue; only with `task_send_sent_event`.
    case taskSent(TaskHeaders, queue: String, exchange: String, routingKey: String)
    /// A worker has the task.
    case taskReceived(TaskHeaders)
    /// The task runs.
    case taskStarted(TaskID)
    /// The task returned a result, here as Python prints it, after so many seconds.
    case taskSucceeded(TaskID, result: String, runtimeSeconds: Double)
    /// The task failed for good; the exception as Python prints it.
    case taskFailed(TaskID, exception: String, traceback: String?)
    /// The task failed and will be tried again.
    case taskRetried(TaskID, exception: String, traceback: String?)
    /// The task was cancelled, killed by a signal, or ran out of time before it began.
    case taskRevoked(TaskID, terminated: Bool, signal: Int?, expired: Bool)
    /// The task refused its message.
    case taskRejected(TaskID, requeue: Bool)
    /// The task was stopped because its worker lost the connection or was shut down at once.
    case taskCancelled(TaskID)

    /// The event's name on the wire.
    public var type: String {
        switch self {
        case .workerOnline: "worker-online"
        case .workerHeartbeat: "worker-heartbeat"
        case .workerOffline: "worker-offline"
        case .taskSent: "task-sent"
        case .taskReceived: "task-received"
        case .taskStarted: "task-started"
        case .taskSucceeded: "task-succeeded"
        case .taskFailed: "task-failed"
        case .taskRetried: "task-retried"
        case .taskRevoked: "task-revoked"
        case .taskRejected: "task-rejected"
        case .taskCancelled: "task-cancelled"
        }
    }

    /// Whether this is about a task: only sent when task events are on, and in batches on `task.multi`.
    public var isTaskEvent: Bool { type.hasPrefix("task-") }

    /// The event as it stands in a message.
    ///
    /// - Parameters:
    ///   - source: who sends it.
    ///   - clock: the sender's logical clock, already advanced for this event.
    ///   - time: when it happened.
    /// - Returns: the members that all events share, and this one's own.
    public func fields(from source: EventSource, clock: Int, at time: Date) -> JSONObject {
        var fields: JSONObject = [
            "hostname": .string(source.node), "utcoffset": .double(source.utcOffsetHours), "pid": .int(source.pid),
            "clock": .int(clock),
        ]
        if let taskID { fields["uuid"] = JSONValue(taskID) }
        fields.merge(ownFields)
        fields["timestamp"] = .double(time.timeIntervalSince1970)
        fields["type"] = .string(type)
        return fields
    }

    private var taskID: TaskID? {
        switch self {
        case .workerOnline, .workerHeartbeat, .workerOffline: nil
        case .taskSent(let headers, _, _, _), .taskReceived(let headers): headers.id
        case .taskStarted(let id), .taskSucceeded(let id, _, _), .taskFailed(let id, _, _),
            .taskRetried(let id, _, _), .taskRevoked(let id, _, _, _), .taskRejected(let id, _),
            .taskCancelled(let id):
            id
        }
    }

    private var ownFields: JSONObject {
        switch self {
        case .workerOnline(let vitals), .workerHeartbeat(let vitals), .workerOffline(let vitals): vitals.fields
        case .taskSent(let headers, let queue, let exchange, let routingKey):
            Self.describe(headers).merging([
                "queue": .string(queue), "exchange": .string(exchange), "routing_key": .string(routingKey),
            ])
        case .taskReceived(let headers): Self.describe(headers)
        case .taskStarted, .taskCancelled: [:]
        case .taskSucceeded(_, let result, let seconds): ["result": .string(result), "runtime": .double(seconds)]
        case .taskFailed(_, let exception, let traceback), .taskRetried(_, let exception, let traceback):
            ["exception": .string(exception), "traceback": JSONValue(traceback)]
        case .taskRevoked(_, let terminated, let signal, let expired):
            ["terminated": .bool(terminated), "signum": JSONValue(signal), "expired": .bool(expired)]
        case .taskRejected(_, let requeue): ["requeue": .bool(requeue)]
        }
    }

    private static func describe(_ headers: TaskHeaders) -> JSONObject {
        // Taken apart once instead of for each of them.
        let headers = TaskHeaders(fields: headers.fields)
        return [
            "name": .string(headers.shadow ?? headers.task), "args": JSONValue(headers.argsRepr),
            "kwargs": JSONValue(headers.kwargsRepr), "root_id": JSONValue(headers.rootID),
            "parent_id": JSONValue(headers.parentID), "retries": .int(headers.retries),
            "eta": headers.fields["eta"] ?? .null, "expires": headers.fields["expires"] ?? .null,
        ]
    }
}

/// Who sends events: the node's name, its process, its time zone.
public struct EventSource: Sendable, Hashable {
    /// `<name>@<host>`.
    public var node: String
    /// The process id.
    public var pid: Int
    /// Hours **west** of UTC, as Python's `time.timezone / 3600`: -1 for CET.
    public var utcOffsetHours: Double

    /// A sender; timestamps are Unix time, so 0 is right for everybody who does not care.
    public init(node: String, pid: Int, utcOffsetHours: Double = 0) {
        self.node = node
        self.pid = pid
        self.utcOffsetHours = utcOffsetHours
    }
}
