import CeleryProtocol
import Logging
public import SkirretRedis

import struct Foundation.UUID

/// What every process that runs plugins has to hear at once: that a plugin stops, or that the plugins are others now.
///
/// Pub/sub, not a task: it must reach all of them, also those whose slots are full. Who was away for a moment is told to
/// look at what is switched on when it is back.
public struct PluginSignals: Sendable {
    /// What is heard.
    public enum Signal: Sendable, Hashable {
        /// A plugin stops in every process; ``done`` tells the sender.
        case stop(plugin: String, reason: String, reply: String)
        /// What is installed or switched on may have changed.
        case look
    }

    /// Seconds for which answers are kept for their reader.
    private static let replyLifetime = 60
    /// How often a sender looks for answers: no load for Redis, and soon enough for people.
    private static let pause = Duration.milliseconds(20)

    private let redis: RedisClient
    private let subscriber: RedisSubscriber

    /// Over two connections; nothing is asked yet.
    public init(redis: RedisClient, subscriber: RedisSubscriber) {
        self.redis = redis
        self.subscriber = subscriber
    }

    /// Stops a plugin in every process that runs plugins, and waits until they have.
    ///
    /// - Returns: Whether it ran anywhere, and whether all processes have answered in time.
    @discardableResult
    public func stop(
        _ plugin: String, reason: String, within deadline: Duration
    ) async throws -> (ran: Bool, isComplete: Bool) {
        let reply = UUID().uuidString.lowercased()
        let heard = try await send([
            "do": "stop", "plugin": .string(plugin), "reason": .string(reason), "reply": .string(reply),
        ])
        let end = ContinuousClock.now + deadline
        var answers: [String] = []
        while answers.count < heard {
            let more = try await redis.send("RPOP", RedisArgument(Keys.pluginReplies(reply)), 100)
            answers += more.array?.compactMap(\.string) ?? []
            if answers.count >= heard || ContinuousClock.now >= end { break }
            try await ContinuousClock().sleep(for: Self.pause)
        }
        return (answers.contains("1"), answers.count >= heard)
    }

    /// Tells every process that what is installed or switched on may have changed.
    public func look() async throws { try await send(["do": "look"]) }

    /// Answers a stop.
    public func done(_ reply: String, ran: Bool) async throws(RedisError) {
        let key = RedisArgument(Keys.pluginReplies(reply))
        _ = try await redis.transaction([
            RedisCommand("LPUSH", key, .init(ran ? "1" : "0")),
            RedisCommand("EXPIRE", key, .init(Self.replyLifetime)),
        ])
    }

    /// Hears signals until cancelled; begins with a ``Signal/look``, and has one after each lost connection.
    ///
    /// - Throws: Only when the subscriber was closed.
    public func listen(_ body: (Signal) async -> Void) async throws {
        try await subscriber.withSubscription(channels: [Keys.pluginSignals]) { messages in
            for try await message in messages {
                switch message {
                case .subscribed: await body(.look)
                case .message(_, let payload):
                    if let signal = Signal(payload) { await body(signal) }
                }
            }
        }
    }

    @discardableResult
    private func send(_ signal: JSONObject) async throws(RedisError) -> Int {
        try await redis.send(
            "PUBLISH", RedisArgument(Keys.pluginSignals), RedisArgument(JSONValue.object(signal).encoded())
        ).int ?? 0
    }
}

extension PluginSignals.Signal {
    /// Nil for what is none: a newer version's, or somebody's test.
    fileprivate init?(_ payload: [UInt8]) {
        guard let json = try? JSONValue(parsing: payload) else { return nil }
        switch json["do"]?.string {
        case "look": self = .look
        case "stop":
            guard let plugin = json["plugin"]?.string, let reply = json["reply"]?.string else { return nil }
            self = .stop(plugin: plugin, reason: json["reason"]?.string ?? "", reply: reply)
        default: return nil
        }
    }
}
