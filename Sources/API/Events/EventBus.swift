public import CeleryProtocol
import Foundation
public import Logging
public import Relay
public import SkirretRedis
import Synchronization

/// Carries events from wherever they happen, through Redis, to the relay of this process.
///
/// Every process may publish; those that mount a relay also ``run(into:)``. An event is in the history before
/// anybody hears of it, so a relay that lost its connection reads what it missed before it goes on.
public final class EventBus: Sendable {
    /// Entries kept in the history.
    ///
    /// Redis trims in whole nodes, so it may hold some more.
    public static let historyLength = 300

    private let redis: RedisClient
    private let subscriber: RedisSubscriber
    private let logger: Logger

    /// Prepares the bus; connects when used.
    public init(redis: RedisClient, subscriber: RedisSubscriber, logger: Logger) {
        self.redis = redis
        self.subscriber = subscriber
        self.logger = logger
    }

    /// Records an event and tells every relay.
    ///
    /// One round trip.
    ///
    /// - Parameters:
    ///   - data: The envelope's `data`; for plugin events, already stamped with the plugin it came from.
    ///   - topic: Who it is for.
    /// - Throws: When Redis did not take it. Nobody has heard of it then, or everybody: it must not be sent twice.
    public func publish(_ data: JSONObject, topic: String = "updates") async throws(RedisError) {
        _ = try await redis.run(
            Self.publishScript, keys: [Keys.eventHistory, Keys.eventEpoch],
            arguments: [
                RedisArgument(Keys.events), RedisArgument(JSONValue.string(topic).encoded()),
                RedisArgument(JSONValue.object(data).encoded()), RedisArgument(Self.historyLength),
                RedisArgument(UUID().uuidString),
            ])
    }

    /// Feeds a relay until cancelled.
    ///
    /// - Throws: Only when the subscriber was closed; lost connections are waited out.
    public func run(into hub: RelayHub) async throws {
        var start = EventFeed(redis: redis, hub: hub, logger: logger)
        // Before subscribing: whatever is published from here on is either heard, or read from the history.
        await start.catchUp()
        try await subscriber.withSubscription(channels: [Keys.events, Keys.endedSessions, Keys.passingEvents]) {
            [start] messages in
            var feed = start
            for try await message in messages {
                switch message {
                case .subscribed: await feed.catchUp()
                case .message(Keys.endedSessions, let payload):
                    await hub.end(credential: String(decoding: payload, as: UTF8.self))
                case .message(Keys.passingEvents, let payload): feed.pass(payload)
                case .message(_, let payload): feed.forward(payload)
                }
            }
        }
    }

    static let publishScript = RedisScript(name: "publish_event", source: PackageResources.publish_event_lua)
}
