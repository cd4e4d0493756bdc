/// A host and a port.
public struct RedisPlace: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address.
    public var host: String
    /// 1 to 65535.
    public var port: Int

    /// A place from its parts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// As in a URL: `10.0.0.5:6379`, `[::1]:6379`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The sentinels that know which server is the master, and by which name they know it.
///
/// A failover can lose what the old master had accepted and its replica had not: replication is asynchronous, and no client
/// can change that. On such a tail a call that was accepted is gone, a claim is forgotten (its message is in the queue again
/// and runs a second time; the first run's worker hears at its next heartbeat that it lost the claim, stops and says so),
/// and a settlement is forgotten (the task runs again). `min-replicas-to-write 1` with `min-replicas-max-lag 1` on both
/// servers bounds it to about a second and turns what would be lost into `.notPersisting`; `WAIT 1` after a write, in the
/// same pipeline, tells for one call.
///
/// Query names of the URL: `master_name` (Celery's), `sentinel_username` and `sentinel_password` (for the sentinels
/// themselves; the URL's own user and password are for the master).
public struct RedisSentinels: Sendable, Hashable, CustomStringConvertible {
    /// Where they listen; 26379 when the URL names no port.
    public var places: [RedisPlace]
    /// The master's name in `sentinel monitor <name> …`.
    public var master: String
    /// The sentinels' ACL user.
    public var username: String?
    /// The sentinels' password; nil sends no AUTH.
    public var password: String?

    /// Sentinels of one master; at least one place.
    public init(places: [RedisPlace], master: String, username: String? = nil, password: String? = nil) {
        precondition(!places.isEmpty, "a Sentinel address needs at least one sentinel")
        self.places = places
        self.master = master
        self.username = username
        self.password = password
    }

    /// For logs: `mymaster of 10.0.0.7:26379,10.0.0.8:26379`.
    public var description: String { "\(master) of \(places.map(\.description).joined(separator: ","))" }

    func queryItems(secret: (String) -> String) -> [(String, String)] {
        var items = [("master_name", master)]
        if let username { items.append(("sentinel_username", username)) }
        if let password { items.append(("sentinel_password", secret(password))) }
        return items
    }
}
