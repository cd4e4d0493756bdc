public import CeleryProtocol
import Foundation

/// What a schedule enqueues.
public struct ScheduledCall: Sendable {
    /// The task's name.
    public var task: String
    /// Positional arguments.
    public var args: [JSONValue]
    /// Keyword arguments.
    public var kwargs: JSONObject
    /// Where it goes; nil means the default queue.
    public var queue: QueueName?
    /// 0 is served first, 9 last.
    public var priority: Int?
    /// How long after it was sent it may still start.
    public var expiresAfter: Duration?
    /// Further headers, for the task to read.
    public var headers: JSONObject

    /// A call.
    public init(
        task: String, args: [JSONValue] = [], kwargs: JSONObject = [:], queue: QueueName? = nil, priority: Int? = nil,
        expiresAfter: Duration? = nil, headers: JSONObject = [:]
    ) {
        self.task = task
        self.args = args
        self.kwargs = kwargs
        self.queue = queue
        self.priority = priority
        self.expiresAfter = expiresAfter
        self.headers = headers
    }

    /// The call that a signature describes: its task, arguments, queue, priority, `expires` in seconds, and headers.
    public init(_ signature: Signature) {
        let options = signature.options
        self.init(
            task: signature.task, args: signature.args, kwargs: signature.kwargs,
            queue: options["queue"]?.string.map(QueueName.init(rawValue:)), priority: options["priority"]?.int,
            expiresAfter: options["expires"]?.double.map { .milliseconds(Int($0 * 1000)) },
            headers: options["headers"]?.object ?? [:])
    }

    /// The message of one run.
    ///
    /// Headers as Celery's beat (`celery_beat_task`) and django_celery_beat (`periodic_task_name`) send them, and
    /// `periodic_task_due` with the due time, which is earlier than now for a run that was missed.
    ///
    /// - Parameters:
    ///   - name: The schedule's name.
    ///   - due: The due time; nil for a run that somebody asked for by hand.
    ///   - now: By Redis's clock.
    ///   - fallback: Where it goes unless the call says otherwise.
    ///   - id: The task's id; nil for one of its own.
    /// - Returns: A message.
    func message(
        of name: String, due: Date?, now: Date, queue fallback: QueueName, id: TaskID? = nil
    ) -> TaskMessage {
        var message = TaskMessage(
            task: task, id: id ?? .random(), args: args, kwargs: kwargs, queue: queue ?? fallback)
        message.headers.origin = TaskQueue.origin
        message.headers.fields.merge(headers)
        message.headers.fields["celery_beat_task"] = true
        message.headers.fields["periodic_task_name"] = .string(name)
        if let due { message.headers.fields["periodic_task_due"] = .string(WireDate.text(due)) }
        message.properties.priority = priority ?? 0
        if let expiresAfter { message.headers.expires = now + expiresAfter.seconds }
        return message
    }
}
