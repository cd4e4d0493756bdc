public import CeleryProtocol
public import Foundation

/// How one call differs from the task's own options.
///
/// The names are those of Celery's `apply_async`.
public struct CallOptions: Sendable {
    /// The list the message goes to.
    public var queue: QueueName?
    /// The exchange that decides, by ``routingKey``, which queues get the message; counts where ``queue`` is nil.
    public var exchange: String?
    /// What an exchange routes by.
    ///
    /// Without an exchange it names the queue.
    public var routingKey: String?
    /// Not before so long from now.
    public var countdown: Duration?
    /// Not before this instant.
    public var eta: Date?
    /// Not after this instant: a message that comes too late is revoked.
    public var expires: Date?
    /// Not later than so long from now; counts where ``expires`` is nil.
    public var expiresIn: Duration?
    /// 0 is served first, 9 last, as in kombu's Redis transport.
    public var priority: Int?
    /// The task's id; a call with an id that was just used is accepted once.
    public var id: TaskID?
    /// Seconds until the soft and the hard time limit.
    public var timeLimits: TimeLimits?
    /// No result is stored.
    public var ignoresResult: Bool?
    /// Sent when the task succeeded, with its result in front of their arguments.
    public var link: [Signature] = []
    /// Sent when the task failed, with its id in front of their arguments.
    public var linkError: [Signature] = []
    /// Calls with one fair key take turns with those of every other key in their queue; nil takes no part in it.
    ///
    /// A user's or a customer's name, as a rule: one with 100,000 calls does not hold up another's one. Workers of ours
    /// deal them into the queue in turn, for Python workers too. What has to wait for its time, and another attempt, takes
    /// its turn once it is due; what follows a call (callbacks, the steps of a chain, a chord's body) has the call's key
    /// unless it names one of its own.
    public var fairKey: String?
    /// How many calls of ``fairKey`` run for one of another key's; at least one.
    public var fairWeight = 1
    /// Further headers, for the task to read.
    public var headers: JSONObject = [:]
    /// How the body is compressed.
    public var compression: Compression?
    /// A name that monitors show instead of the task's.
    public var shadow: String?
    /// Where replies of another result backend would go; any text.
    public var replyTo: String?
    /// Headers that are put on everything this call leads to, and that tasks can be revoked by.
    public var stamps: JSONObject = [:]
    /// How often and how long a publish is tried again while the broker is away; nil means for a second.
    public var publishRetry: PublishRetry?

    /// What makes the call equal to others, of which one is sent; a task's own rule is ``TaskOptions/uniqueness``.
    public var unique: UniqueCall?

    /// Options that change nothing.
    public init() {}

    /// Compression of message bodies.
    public enum Compression: String, Sendable, CaseIterable {
        /// Celery's `gzip`, a zlib stream.
        case gzip
    }

    /// Celery's `retry_policy`: how a publish is tried again while the broker is away.
    public struct PublishRetry: Sendable, Hashable {
        /// How often at the most.
        public var maximum: Int
        /// How long after the first failure.
        public var first: Duration
        /// How much longer each time.
        public var step: Duration
        /// The longest pause.
        public var longest: Duration

        /// A policy with Celery's defaults.
        public init(
            maximum: Int = 3, first: Duration = .zero, step: Duration = .milliseconds(200),
            longest: Duration = .seconds(1)
        ) {
            self.maximum = maximum
            self.first = first
            self.step = step
            self.longest = longest
        }

        /// The pause before the `attempt`th repetition, counted from 0; nil when there is none.
        func pause(before attempt: Int) -> Duration? {
            attempt < maximum ? min(first + step * attempt, longest) : nil
        }
    }
}

/// One change of a call's options: `.countdown(.seconds(30))`.
public struct CallOption: Sendable {
    let change: @Sendable (inout CallOptions) -> Void

    /// Not before so long from now.
    public static func countdown(_ delay: Duration) -> CallOption { CallOption { $0.countdown = delay } }
    /// Not before this instant.
    public static func eta(_ date: Date) -> CallOption { CallOption { $0.eta = date } }
    /// Not after this instant.
    public static func expires(_ date: Date) -> CallOption { CallOption { $0.expires = date } }
    /// Not later than so long from now.
    public static func expires(in duration: Duration) -> CallOption {
        CallOption { $0.expiresIn = duration }
    }
    /// 0 is served first, 9 last.
    public static func priority(_ priority: Int) -> CallOption { CallOption { $0.priority = priority } }
    /// The list the message goes to.
    public static func queue(_ queue: QueueName) -> CallOption { CallOption { $0.queue = queue } }
    /// The exchange that decides which queues get the message.
    public static func exchange(_ name: String, routingKey: String) -> CallOption {
        CallOption {
            $0.exchange = name
            $0.routingKey = routingKey
        }
    }
    /// Takes turns with the calls of other keys in the same queue; see ``CallOptions/fairKey``.
    public static func fair(_ key: String, weight: Int = 1) -> CallOption {
        CallOption {
            $0.fairKey = key
            $0.fairWeight = weight
        }
    }
    /// The task's id.
    public static func id(_ id: TaskID) -> CallOption { CallOption { $0.id = id } }
    /// Sent when the task succeeded.
    public static func link(_ callback: some CanvasPart) -> CallOption {
        CallOption { [signature = callback.signature] in $0.link.append(signature) }
    }
    /// Sent when the task failed.
    public static func linkError(_ errback: some CanvasPart) -> CallOption {
        CallOption { [signature = errback.signature] in $0.linkError.append(signature) }
    }
    /// No result is stored.
    public static var ignoringResult: CallOption { CallOption { $0.ignoresResult = true } }
    /// A further header, for the task to read.
    public static func header(_ name: String, _ value: JSONValue) -> CallOption {
        CallOption { $0.headers[name] = value }
    }
    /// How the body is compressed.
    public static func compression(_ compression: CallOptions.Compression) -> CallOption {
        CallOption { $0.compression = compression }
    }
    /// Seconds until the soft and the hard time limit of this call.
    public static func timeLimits(soft: Double? = nil, hard: Double? = nil) -> CallOption {
        CallOption { $0.timeLimits = TimeLimits(hard: hard, soft: soft) }
    }
    /// A name that monitors show instead of the task's.
    public static func shadow(_ name: String) -> CallOption { CallOption { $0.shadow = name } }
    /// A header that is put on everything this call leads to.
    public static func stamp(_ name: String, _ value: JSONValue) -> CallOption {
        CallOption { $0.stamps[name] = value }
    }
    /// How a publish is tried again while the broker is away.
    public static func publishRetry(_ policy: CallOptions.PublishRetry) -> CallOption {
        CallOption { $0.publishRetry = policy }
    }
}

extension CallOptions {
    init(_ changes: [CallOption]) {
        self.init()
        for change in changes { change.change(&self) }
    }

    /// The same as options of a signature, for canvases.
    ///
    /// Callbacks and stamps are no options of a whole canvas: they go on its parts.
    var signatureOptions: JSONObject {
        var options = headersAndRoute
        // A countdown wins over an ETA, as in Celery; it counts from the time of sending.
        if let countdown {
            options["countdown"] = .double(countdown.seconds)
        } else if let eta {
            options["eta"] = .string(WireDate.text(eta))
        }
        if let expires {
            options["expires"] = .string(WireDate.text(expires))
        } else if let expiresIn {
            options["expires"] = .double(expiresIn.seconds)
        }
        if let limits = timeLimits {
            options["time_limit"] = limits.hard.map(JSONValue.double)
            options["soft_time_limit"] = limits.soft.map(JSONValue.double)
        }
        return options
    }

    private var headersAndRoute: JSONObject {
        var options: JSONObject = [:]
        if let queue { options["queue"] = JSONValue(queue) }
        if let exchange { options["exchange"] = .string(exchange) }
        if let routingKey { options["routing_key"] = .string(routingKey) }
        if let priority { options["priority"] = .int(priority) }
        if let id { options["task_id"] = JSONValue(id) }
        if let ignoresResult { options["ignore_result"] = .bool(ignoresResult) }
        let headers = fairHeaders.merging(headers)
        if !headers.isEmpty { options["headers"] = .object(headers) }
        if let compression { options["compression"] = .string(compression.rawValue) }
        if let shadow { options["shadow"] = .string(shadow) }
        if let replyTo { options["reply_to"] = .string(replyTo) }
        return options
    }

    private var fairHeaders: JSONObject {
        guard let fairKey else { return [:] }
        return [FairTurn.keyHeader: .string(fairKey), FairTurn.weightHeader: .int(max(1, fairWeight))]
    }

    /// Whether a time is reckoned from now, which is Redis's to tell.
    var needsClock: Bool { countdown != nil || eta != nil || expiresIn != nil }

    /// Puts down when a message may run; gives how long it has to wait.
    func setTimes(of message: inout TaskMessage, now: Date) -> Duration {
        message.expire(expires ?? expiresIn.map { now + $0.seconds }, now: now)
        let eta = countdown.map { now + $0.seconds } ?? eta
        guard let eta, eta > now else { return .zero }
        message.headers.eta = eta
        return .seconds(eta.timeIntervalSince(now))
    }

    /// Puts down in a message what needs no clock and no broker.
    func apply(to message: inout TaskMessage) {
        message.headers.ignoreResult = ignoresResult
        for (name, value) in headers { message.headers.fields[name] = value }
        for (name, value) in fairHeaders { message.headers.fields[name] = value }
        if let limits = timeLimits { message.headers.timeLimit = limits }
        if let priority { message.properties.priority = priority }
        if let replyTo { message.properties.replyTo = replyTo }
        if let shadow { message.headers.shadow = shadow }
        if compression == .gzip { message.headers.compression = "application/x-gzip" }
        if !link.isEmpty { message.body.callbacks = link.map { $0.stamped(unlessEmpty: stamps) } }
        if !linkError.isEmpty { message.body.errbacks = linkError.map { $0.stamped(unlessEmpty: stamps) } }
        if !stamps.isEmpty {
            message.headers.stampedHeaders = stamps.keys
            message.headers.stamps = stamps
        }
        if queue == nil, let exchange, !exchange.isEmpty {
            message.properties.exchange = exchange
            message.properties.routingKey = routingKey ?? ""
        }
    }
}

extension Signature {
    func stamped(unlessEmpty stamps: JSONObject) -> Signature { stamps.isEmpty ? self : stamped(stamps) }
}
