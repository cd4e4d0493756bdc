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
    /// Nil before the first subscription: what came earlier is nobody's here.
    private var position: StreamID?

    init(redis: RedisClient, hub: RelayHub, logger: Logger) {
        self.redis = redis
        self.hub = hub
        self.logger = logger
    }

    /// Passes on a published event, unless it was read from the history already.
    mutating func forward(_ payload: [UInt8]) {
        guard let event = try? JSONValue(parsing: payload), let data = event["data"]?.object,
            let topic = event["topic"]?.string
        else {
            logger.warning("Dropped an event that is none", metadata: ["bytes": "\(payload.count)"])
            return
        }
        if let id = event["id"]?.string.flatMap(StreamID.init) {
            if let position, id <= position { return }
            position = id
        }
        hub.publish(RelayMessage(topic: topic, data: JSONValue.object(data).encoded()))
    }

    /// Called once subscribed, and again after every lost connection: what was published meanwhile is in the history.
    mutating func catchUp() async {
        do {
            guard let position else {
                let newest = try await redis.send("XREVRANGE", RedisArgument(Keys.eventHistory), "+", "-", "COUNT", "1")
                self.position = Self.entries(newest).first?.id ?? .zero
                return
            }
            let missed = try await redis.send(
                "XRANGE", RedisArgument(Keys.eventHistory), RedisArgument("(\(position)"), "+")
            for entry in Self.entries(missed) {
                self.position = entry.id
                hub.publish(RelayMessage(topic: entry.topic, data: entry.data))
            }
        } catch {
            // The connection is shaky again; the next `subscribed` starts from the same position.
            logger.info("Could not read missed events", metadata: ["error": "\(error)"])
        }
    }

    private static func entries(_ reply: RedisValue) -> [(id: StreamID, topic: String, data: [UInt8])] {
        (reply.array ?? []).compactMap { entry in
            guard let parts = entry.array, parts.count == 2, let id = parts[0].string.flatMap(StreamID.init),
                let fields = parts[1].array, fields.count == 4, let topic = fields[1].bytes, let data = fields[3].bytes,
                // try?: ours are all JSON strings; another's entry is skipped.
                let name = (try? JSONValue(parsing: topic))?.string
            else { return nil }
            return (id, name, data)
        }
    }
}

/// A stream entry's id, `milliseconds-sequence`, in order.
struct StreamID: Comparable, Hashable, CustomStringConvertible {
    static let zero = StreamID(milliseconds: 0, sequence: 0)

    let milliseconds: UInt64
    let sequence: UInt64

    private init(milliseconds: UInt64, sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard parts.count == 2, let milliseconds = parts[0], let sequence = parts[1] else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
    }

    var description: String { "\(milliseconds)-\(sequence)" }

    static func < (left: StreamID, right: StreamID) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}
