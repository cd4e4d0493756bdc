import CeleryProtocol
import SkirretRedis

/// What one Redis key holds.
enum Held: Equatable {
    case string(String)
    /// From the left.
    case list([String])
    case hash([String: String])
    case set(Set<String>)
    /// A sorted set's members, by score.
    case sorted([String])
}

/// The whole key space, to be compared as one value.
///
/// JSON that Lua wrote (owners, dead letters) is put into the order of its keys, and its times are left out.
func keySpace(_ redis: RedisClient) async throws -> [String: Held] {
    var space: [String: Held] = [:]
    for key in try await redis.send("KEYS", "*").array?.compactMap(\.string) ?? [] {
        space[key] = try await held(at: key, redis)
    }
    return space
}

private func held(at key: String, _ redis: RedisClient) async throws -> Held? {
    func texts(_ name: String, _ arguments: RedisArgument...) async throws -> [String] {
        try await redis.send(RedisCommand(name, arguments: [.init(key)] + arguments)).array?.compactMap(\.string) ?? []
    }
    switch try await redis.send("TYPE", .init(key)).string {
    case "string": return .string(try await redis.send("GET", .init(key)).string ?? "")
    case "list": return .list(try await texts("LRANGE", 0, -1))
    case "set": return .set(Set(try await texts("SMEMBERS")))
    case "zset": return .sorted(try await texts("ZRANGE", 0, -1))
    case "hash":
        let flat = try await texts("HGETALL")
        let pairs = stride(from: 0, to: flat.count - 1, by: 2).map { (flat[$0], settled(flat[$0 + 1], of: key)) }
        return .hash(Dictionary(pairs, uniquingKeysWith: { $1 }))
    default: return nil
    }
}

private func settled(_ value: String, of key: String) -> String {
    guard key.hasSuffix("owners") || key.hasSuffix("letters") else { return value }
    let lines = value.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let first = lines.first, case .object(let object)? = try? JSONValue(parsing: first) else {
        return value  // not what it should be: the comparison shows it
    }
    var sorted = JSONObject()
    for name in object.keys.sorted() where name != "at" { sorted[name] = object[name] }
    return ([JSONValue.object(sorted).text] + lines.dropFirst()).joined(separator: "\n")
}
