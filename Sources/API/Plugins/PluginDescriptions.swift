public import CeleryProtocol
public import SkirretRedis

/// What plugins' loaded code last said of itself, kept in Redis for every process.
public struct PluginDescriptions: Sendable {
    /// What one plugin's code said, or why it said nothing.
    struct Entry: Sendable, Hashable {
        /// Of the code that said it; other code's words mean nothing.
        let fingerprint: String
        /// Name, fields, actions, pages.
        let description: JSONValue?
        /// Why it could not be loaded, a line.
        let error: String?

        init(fingerprint: String, description: JSONValue? = nil, error: String? = nil) {
            self.fingerprint = fingerprint
            self.description = description
            self.error = error
        }

        /// Nil for what is none: it counts as never described.
        init?(_ stored: RedisValue?) {
            // try?: as above.
            guard let bytes = stored?.bytes, let json = try? JSONValue(parsing: bytes),
                let fingerprint = json["fingerprint"]?.string
            else { return nil }
            let error = json["error"]?.string
            self.init(fingerprint: fingerprint, description: error == nil ? json["description"] : nil, error: error)
        }

        fileprivate var json: JSONValue {
            // Plugins read this too, and look into the description without asking whether there is one.
            var json: JSONObject = ["fingerprint": .string(fingerprint), "description": description ?? [:]]
            if let error { json["error"] = .string(error) }
            return .object(json)
        }
    }

    private let redis: RedisClient

    /// Over a connection; nothing is asked yet.
    public init(redis: RedisClient) { self.redis = redis }

    /// The tasks that plugins define, and the key of the plugin that each is of.
    public func tasks() async throws(RedisError) -> [String: String] {
        var owners: [String: String] = [:]
        for (key, entry) in try await all() {
            for name in entry.description?["tasks"]?.array ?? [] { owners[name.string ?? ""] = key }
        }
        return owners
    }

    /// All of them, by key.
    func all() async throws(RedisError) -> [String: Entry] {
        let flat = try await redis.send("HGETALL", RedisArgument(Keys.pluginDescriptions)).array ?? []
        var found: [String: Entry] = [:]
        for index in stride(from: 0, to: flat.count - 1, by: 2) {
            if let key = flat[index].string { found[key] = Entry(flat[index + 1]) }
        }
        return found
    }

    /// One plugin's.
    func find(_ key: String) async throws(RedisError) -> Entry? {
        Entry(try await redis.send("HGET", RedisArgument(Keys.pluginDescriptions), RedisArgument(key)))
    }

    func keep(_ entry: Entry, of key: String) async throws(RedisError) {
        _ = try await redis.send(
            "HSET", RedisArgument(Keys.pluginDescriptions), RedisArgument(key), RedisArgument(entry.json.encoded()))
    }

    /// Keeps what a plugin's loaded code says of itself.
    ///
    /// - Parameters:
    ///   - description: Its answer.
    ///   - key: The plugin.
    ///   - fingerprint: Of the code that said it.
    /// - Throws: When Redis did not take it.
    public func keep(_ description: JSONValue, of key: String, fingerprint: String) async throws(RedisError) {
        try await keep(Entry(fingerprint: fingerprint, description: description), of: key)
    }

    /// Keeps why a plugin's code could not be loaded.
    ///
    /// - Parameters:
    ///   - failure: What its code raised.
    ///   - key: The plugin.
    ///   - fingerprint: Of that code.
    /// - Throws: When Redis did not take it.
    public func keep(_ failure: TaskFailure, of key: String, fingerprint: String) async throws(RedisError) {
        try await keep(Entry(fingerprint: fingerprint, error: failure.sentence), of: key)
    }

    /// Of these plugins those that nothing is known of, as Redis was emptied, for example.
    public func missing(among keys: Set<String>) async throws(RedisError) -> Set<String> {
        guard !keys.isEmpty else { return [] }
        let known = try await redis.send("HKEYS", RedisArgument(Keys.pluginDescriptions)).array ?? []
        return keys.subtracting(known.compactMap(\.string))
    }

    /// Whether it is upon the caller to ask a plugin's code what it is: one of a fleet is enough.
    ///
    /// Another may after as long as an answer may take.
    @discardableResult
    public func begin(_ key: String) async throws(RedisError) -> Bool {
        let milliseconds = RedisArgument(Int(Self.patience / .milliseconds(1)))
        return try await !redis.send("SET", .init(Keys.describing(key)), "1", "NX", "PX", milliseconds).isNull
    }

    /// How long a plugin's code may take to say what it is.
    public static let patience = Duration.seconds(30)

    func forget(_ key: String) async throws(RedisError) {
        _ = try await redis.send("HDEL", RedisArgument(Keys.pluginDescriptions), RedisArgument(key))
    }
}
