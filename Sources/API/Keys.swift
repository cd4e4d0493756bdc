/// Every Redis key and channel this target touches.
enum Keys {
    /// STRING with TTL: a browser session's holder.
    static func session(_ id: SessionID) -> String { "skirret:api:session:" + id.rawValue }
    /// Channel: public names of sessions that ended before their time.
    static let endedSessions = "skirret:api:sessions:ended"
    /// HASH plugin key -> JSON `{"fingerprint","description"}`: what its loaded code last said of itself.
    static let pluginDescriptions = "skirret:api:plugins:described"
    /// HASH plugin key -> JSON `{"until_unix_seconds","reason"}`: those that crashed too often; late entries mean nothing.
    static let pluginSuspensions = "skirret:api:plugins:suspended"
    /// STRING with TTL: JSON `{"call","task_id","sent"}`, the request that an `Idempotency-Key` came with first.
    static func idempotency(principal: String, key: String) -> String { "skirret:api:once:\(principal):\(key)" }
    /// LIST of JSON `{"task_id","name","about","started_at"}`, newest at the left.
    static let recentTasks = "skirret:api:tasks:recent"
    /// STREAM of `topic` and `data` (JSON), trimmed to about ``EventBus/historyLength`` entries.
    static let eventHistory = "skirret:events:history"
    /// Channel: JSON `{"id":"<stream id>","topic":"…","data":{…}}`.
    static let events = "skirret:events"
}
