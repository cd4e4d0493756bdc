public import CeleryProtocol
public import FoundationEssentials

/// What a playlist refresh needs to know about an account.
public struct PlaylistAccount: Sendable, Equatable {
    /// One row of the account's filters.
    public struct Filter: Sendable, Equatable {
        /// What of an entry the pattern is searched in.
        public enum Target: String, Sendable { case group, name, url }

        /// What of an entry the pattern is searched in.
        public var target: Target
        /// A regular expression as Python writes them.
        public var pattern: String
        /// Whether a hit drops the entry; otherwise it keeps it.
        public var excludes: Bool
        /// False when `custom_properties.case_sensitive` is false.
        public var isCaseSensitive: Bool

        /// A filter with these values.
        public init(target: Target, pattern: String, excludes: Bool = true, isCaseSensitive: Bool = true) {
            self.target = target
            self.pattern = pattern
            self.excludes = excludes
            self.isCaseSensitive = isCaseSensitive
        }
    }

    /// Its `id`.
    public var id: Int
    /// For people.
    public var name: String
    /// Where the playlist is; a file wins over an address.
    ///
    /// Nil when the account has neither.
    public var source: IngestSource?
    /// Whether it may be refreshed.
    public var isActive: Bool
    /// Sent to the server; nil for the default.
    public var userAgent: String?
    /// In their `order`; the first that hits decides.
    public var filters: [Filter]
    /// The setting `m3u_hash_key`.
    public var identity: StreamIdentity
    /// What people typed for an account of the Xtream Codes kind, which has no source; nil for playlists.
    public var xtream: XtreamFields?

    /// An account with these values.
    public init(
        id: Int, name: String, source: IngestSource?, isActive: Bool = true, userAgent: String? = nil,
        filters: [Filter] = [], identity: StreamIdentity = StreamIdentity(setting: "url")
    ) {
        self.id = id
        self.name = name
        self.source = source
        self.isActive = isActive
        self.userAgent = userAgent
        self.filters = filters
        self.identity = identity
    }
}

/// A group of a provider's.
public struct PlaylistGroup: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Merged into the relation's `custom_properties`: `xc_id`.
    public var properties: JSONObject

    /// A group with these values.
    public init(name: String, properties: JSONObject = [:]) {
        self.name = name
        self.properties = properties
    }
}

/// An entry with its `stream_hash`.
public struct PlaylistStream: Sendable, Equatable {
    /// What makes it the same stream at the next refresh.
    public let hash: String
    /// Whether an entry before it may have had the same hash; when not, none had.
    public let mayRepeat: Bool
    /// The entry; its URL has at most 4096 characters.
    public let entry: PlaylistEntry
    /// The entry's `customProperties` as JSON, encoded where the playlist is parsed: a store is busier than a parser.
    public let properties: [UInt8]

    init(hash: String, mayRepeat: Bool, entry: PlaylistEntry) {
        self.hash = hash
        self.mayRepeat = mayRepeat
        self.entry = entry
        properties = entry.customProperties.encoded()
    }
}

/// What a commit changed.
public struct PlaylistCounts: Sendable, Equatable {
    /// Streams that were new.
    public var created: Int
    /// Streams of which something changed.
    public var updated: Int
    /// Streams that the playlist no longer has.
    public var stale: Int
    /// Streams that were missing for too long, or in groups that nobody wants.
    public var deleted: Int

    /// These counts.
    public init(created: Int = 0, updated: Int = 0, stale: Int = 0, deleted: Int = 0) {
        self.created = created
        self.updated = updated
        self.stale = stale
        self.deleted = deleted
    }
}

/// Where playlist accounts and their streams are kept.
public protocol PlaylistStore: Sendable {
    /// The account, or nil when there is none.
    func playlistAccount(_ id: Int) async throws -> PlaylistAccount?

    /// Sets the account's `status` and `last_message`.
    func report(_ status: RefreshStatus, _ message: String, account: Int) async throws

    /// Writes down what an Xtream Codes server says about the account's user.
    func save(_ info: XtreamAccount, account: Int) async throws

    /// Makes the channels that follow the account's groups what its streams are now; asked after each commit.
    func syncChannels(account: Int) async throws -> ChannelSync

    /// Begins to gather a new state of the account, which nobody sees yet.
    ///
    /// The fingerprint stands for everything about the account that decides what becomes of the same file.
    func beginPlaylist(account: Int, fingerprint: String) async throws -> any PlaylistStaging
}

/// A new state of one account's streams that is being gathered.
public protocol PlaylistStaging: Sendable {
    /// The file whose entries the account has now; nil when something other than that file decided what is there.
    var known: KnownFile? { get }

    /// Adds entries; of two with the same hash the later wins.
    func stage(_ streams: [PlaylistStream]) async throws

    /// Makes everything that was added visible at once; streams that were not added become stale.
    ///
    /// `groups` are all groups of the playlist, also those whose entries were filtered out. `scanStart` becomes
    /// `last_seen`. `file` is what the next refresh will find as ``known``.
    func commit(groups: [PlaylistGroup], scanStart: Date, file: KnownFile?) async throws -> PlaylistCounts

    /// Says that the known file is still the one that there is, perhaps under another version; its streams were seen
    /// at `scanStart`, and what was added is forgotten.
    func confirm(scanStart: Date, file: KnownFile) async throws -> PlaylistCounts

    /// Forgets everything that was added. Harmless after a commit.
    func discard() async
}
