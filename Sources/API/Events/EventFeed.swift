import CeleryProtocol
import Logging
import Relay
import SkirretRedis

/// What one relay has heard so far, and how it catches up after an interruption.
struct EventFeed {
    private let redis: RedisClient
    private let hub: RelayHub
    private let logger: Logger
    /// The last event passed on.
    ///
    /// Nil before the first subscription: what came earlier is for clients that ask for it.
    private var position: RelayPosition?

    init(redis: RedisClient, hub: RelayHub, logger: Logger) {
        self.redis = redis
        self.hub = hub
        self.logger = logger
    }

    /// Passes on a published event, unless it was read from the history already.
    mutating func forward(_ payload: [UInt8]) {
        // try?: whatever is on the channel that is no event of ours is dropped, and said so.
        guard let event = try? JSONValue(parsing: payload), let data = event["data"]?.object,
            let topic = event["topic"]?.string, let offset = event["id"]?.string.flatMap(RelayOffset.init),
            let epoch = event["epoch"]?.string
        else {
            logger.warning("Dropped an event that is none", metadata: ["bytes": "\(payload.count)"])
            return
        }
        let place = RelayPosition(epoch: epoch, offset: offset)
        if let position, position.epoch == epoch, place.offset <= position.offset { return }
        position = place
        hub.publish(RelayMessage(data, topic: topic, at: place))
    }

    /// Passes on what is in no history: the state of something, of which the newest is enough.
    func pass(_ payload: [UInt8]) {
        // try?: as above; what is none of ours is dropped.
        guard let event = try? JSONValue(parsing: payload), let data = event["data"]?.object,
            let topic = event["topic"]?.string
        else { return logger.warning("Dropped an event that is none", metadata: ["bytes": "\(payload.count)"]) }
        hub.publish(RelayMessage(topics: [topic], data: JSONValue.object(data).encoded(), supersedes: topic))
    }

    /// Called once subscribed, and again after every lost connection: what was published meanwhile is in the history.
    mutating func catchUp() async {
        do {
            // In this order: an event that is trimmed away between the two shows as a gap, and never hides one.
            let after = position.map { "(\($0.offset)" } ?? "-"
            let replies = try await redis.pipeline([
                RedisCommand("XRANGE", .init(Keys.eventHistory), .init(after), "+"),
                RedisCommand("XRANGE", .init(Keys.eventHistory), "-", "+", "COUNT", 1),
                RedisCommand("GET", .init(Keys.eventEpoch)),
            ])
            let epoch = replies[2].string ?? ""
            let events = Self.events(replies[0], epoch: epoch)
            resume(with: events, oldest: Self.events(replies[1], epoch: epoch).first?.position, epoch: epoch)
        } catch {
            // The connection is shaky again; the next `subscribed` starts from the same position.
            logger.info("Could not read missed events", metadata: ["error": "\(error)"])
        }
    }

    private mutating func resume(with events: [RelayMessage], oldest: RelayPosition?, epoch: String) {
        let end = events.last?.position ?? position ?? RelayPosition(epoch: epoch, offset: .zero)
        defer { self.position = end }
        guard let position else {
            return hub.remember(events, after: oldest ?? end)
        }
        // Emptied, or trimmed beyond what was heard: some of it is gone for ever. An empty history of an unknown epoch
        // was that of a Redis in which nothing had happened yet.
        let wasEmpty = position.offset == .zero
        let isWhole = position.epoch == epoch && (oldest?.offset ?? .zero) <= position.offset
        guard isWhole || wasEmpty || (oldest == nil && epoch.isEmpty) else {
            logger.warning("Events were missed; the pages fetch anew", metadata: ["since": "\(position.offset)"])
            return hub.missed(upTo: end)
        }
        for event in events { hub.publish(event) }
    }

    private static func events(_ reply: RedisValue, epoch: String) -> [RelayMessage] {
        (reply.array ?? []).compactMap { entry in
            guard let parts = entry.array, parts.count == 2, let offset = parts[0].string.flatMap(RelayOffset.init),
                let fields = parts[1].array, fields.count == 4, let topic = fields[1].bytes,
                let bytes = fields[3].bytes,
                // try?: ours are all JSON; another's entry is skipped.
                let name = (try? JSONValue(parsing: topic))?.string, let data = (try? JSONValue(parsing: bytes))?.object
            else { return nil }
            return RelayMessage(data, topic: name, at: RelayPosition(epoch: epoch, offset: offset))
        }
    }
}

extension RelayMessage {
    /// An event with the topics that follow from what it is.
    ///
    /// A plugin's event is also on `plugin:<key>`, for pages that care for one plugin only.
    init(_ data: JSONObject, topic: String, at position: RelayPosition) {
        let plugin = data["type"] == "plugin_event" ? data["plugin"]?.string : nil
        self.init(
            topics: [topic] + (plugin.map { ["plugin:" + $0] } ?? []), data: JSONValue.object(data).encoded(),
            position: position, supersedes: Self.state(data))
    }

    /// Progress is what events are superseded in, of one thing in one phase; how it ended counts for ever.
    private static func state(_ data: JSONObject) -> String? {
        guard data["progress"]?.double != nil, data["status"] == nil, data["error"] == nil,
            let type = data["type"]?.string
        else { return nil }
        let parts = ["account", "source", "task_id", "action"].map { data[$0].map { "\($0)" } ?? "" }
        return ([type] + parts).joined(separator: "|")
    }
}
