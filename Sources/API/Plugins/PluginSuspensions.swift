import CeleryProtocol
public import SkirretRedis

public import struct Foundation.Date

/// Which plugins rest because they crashed too often, as the workers that saw it tell the API, whose cards show it.
public struct PluginSuspensions: Sendable {
    /// Why a plugin takes no calls, and how long.
    public struct Suspension: Sendable, Hashable {
        /// When it takes calls again.
        public let until: Date
        /// A sentence or two, for the card.
        public let reason: String
    }

    private let redis: RedisClient

    /// Over a connection; nothing is asked yet.
    public init(redis: RedisClient) { self.redis = redis }

    /// Remembers that a plugin rests.
    public func suspend(_ key: String, until: Date, reason: String) async throws(RedisError) {
        let entry: JSONObject = [
            "until_unix_seconds": .int(Int(until.timeIntervalSince1970.rounded(.up))), "reason": .string(reason),
        ]
        _ = try await redis.send(
            "HSET", RedisArgument(Keys.pluginSuspensions), RedisArgument(key),
            RedisArgument(JSONValue.object(entry).encoded()))
    }

    /// Forgets it: the plugin was reloaded, or its code is another.
    public func lift(_ key: String) async throws(RedisError) {
        _ = try await redis.send("HDEL", RedisArgument(Keys.pluginSuspensions), RedisArgument(key))
    }

    /// Those that last; by key.
    func current(at now: Date = Date()) async throws(RedisError) -> [String: Suspension] {
        let flat = try await redis.send("HGETALL", RedisArgument(Keys.pluginSuspensions)).array ?? []
        var found: [String: Suspension] = [:]
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            guard let key = flat[index].string, let bytes = flat[index + 1].bytes,
                let entry = try? JSONValue(parsing: bytes),  // an entry that is none suspends nobody
                let seconds = entry["until_unix_seconds"]?.int
            else { continue }
            let until = Date(timeIntervalSince1970: Double(seconds))
            if until > now { found[key] = Suspension(until: until, reason: entry["reason"]?.string ?? "") }
        }
        return found
    }
}
