/// Every Redis key and channel this target touches.
enum Keys {
    /// HASH with TTL: `owner` (`token` or a person's id), `stamp`, `turn`; under the digest of the session's secret.
    static func session(_ id: SessionID) -> String { session(digest: id.digest) }
    /// The same by the digest itself.
    static func session(digest: String) -> String { "skirret:api:session:" + digest }
    /// STRING with TTL: milliseconds since 1970 at which a budget of log-ins is full again.
    static func logins(_ budget: String) -> String { "skirret:api:logins:" + budget }
    /// STRING with TTL: somebody has signed in as this person from this address.
    static func knownAddress(_ digest: String) -> String { "skirret:api:logins:known:" + digest }
    /// Channel: public names of sessions that ended before their time, and of people whose sockets must close.
    static let endedSessions = "skirret:api:sessions:ended"
    /// Channel, without contents: who may come in by which address has changed, see ``ListenerWatch``.
    static let accessChanges = "skirret:api:access"
    /// HASH plugin key -> JSON `{"fingerprint","description"}`: what its loaded code last said of itself; with `error`
    /// when it could not be loaded.
    static let pluginDescriptions = "skirret:api:plugins:described"
    /// STRING with TTL: some worker or API asks this plugin's code what it is.
    static func describing(_ plugin: String) -> String { "skirret:api:plugins:describing:" + plugin }
    /// HASH plugin key -> JSON `{"until_unix_seconds","reason"}`: those that crashed too often; late entries mean nothing.
    static let pluginSuspensions = "skirret:api:plugins:suspended"
    /// Channel: JSON `{"do","plugin","reason","reply"}`, see ``PluginSignals``.
    static let pluginSignals = "skirret:plugins:signals"
    /// LIST with TTL: `1` or `0` from each worker process that was told to stop a plugin; whether it ran there.
    static func pluginReplies(_ id: String) -> String { "skirret:plugins:replies:" + id }
    /// STREAM of `topic` and `data` (JSON), trimmed to about ``EventBus/historyLength`` entries.
    static let eventHistory = "skirret:events:history"
    /// STRING: names the history; another one after it was emptied.
    static let eventEpoch = "skirret:events:epoch"
    /// Channel: JSON `{"id":"<stream id>","epoch":"…","topic":"…","data":{…}}`.
    static let events = "skirret:events"
    /// Channel: JSON `{"topic":"…","data":{…}}` for those who listen now; whoever comes later asks for what it is about.
    static let passingEvents = "skirret:events:passing"
    /// ZSET source id, scored by the Unix millisecond at which it is asked next, or its poller counts as gone.
    static let dueSources = "skirret:api:sources:due"
    /// Channel: id of a source that is due sooner than pollers know.
    static let sourceWishes = "skirret:api:sources:wishes"
    /// HASH with TTL: a data source that pages watch and what it said last, see ``DataSourceStore``.
    static func source(_ id: String) -> String { "skirret:api:source:" + id }
    /// ZSET with TTL: who watches a source, scored by the Unix millisecond until which that counts.
    static func sourceWatchers(_ id: String) -> String { "skirret:api:source:" + id + ":watchers" }
    /// ZSET with TTL: what one person watches, source id and watcher, scored likewise.
    static func watchedSources(by identity: String) -> String { "skirret:api:sources:of:" + identity }
}
