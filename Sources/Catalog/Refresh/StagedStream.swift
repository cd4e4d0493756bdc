public import CeleryProtocol

/// One playlist entry on its way into `dispatcharr_channels_stream`.
public struct StagedStream: Sendable, Equatable {
    /// What makes it the same stream at the next refresh: 64 hexadecimal digits.
    ///
    /// The last of several entries wins.
    public var hash: String
    /// Whether an entry before it may have had the same hash; when not, none had, and nobody looks for one.
    public var mayRepeat: Bool
    /// For people; cut to 512 characters.
    public var name: String
    /// Where it is.
    ///
    /// At most 4096 characters; longer ones are for the caller to drop.
    public var url: String
    /// The name of its channel group.
    public var group: String
    /// Its logo's address.
    public var logoURL: String?
    /// What guides call it; cut to 255 characters.
    public var guideID: String?
    /// Every attribute of the entry: the text of a JSON object, encoded by then because the database's thread is
    /// what a refresh waits for.
    public var customProperties: [UInt8]
    /// For adults only.
    public var isAdult: Bool
    /// The provider's number for it.
    public var streamID: Int?
    /// The channel number that the provider proposes.
    public var channelNumber: Double?
    /// Whether past programmes can be watched.
    public var isCatchup: Bool
    /// For how many days.
    public var catchupDays: Int

    /// An entry with these values.
    public init(
        hash: String, mayRepeat: Bool = true, name: String, url: String, group: String, logoURL: String? = nil,
        guideID: String? = nil, customProperties: [UInt8] = Array("{}".utf8), isAdult: Bool = false,
        streamID: Int? = nil, channelNumber: Double? = nil, isCatchup: Bool = false, catchupDays: Int = 0
    ) {
        self.hash = hash
        self.mayRepeat = mayRepeat
        self.name = name
        self.url = url
        self.group = group
        self.logoURL = logoURL
        self.guideID = guideID
        self.customProperties = customProperties
        self.isAdult = isAdult
        self.streamID = streamID
        self.channelNumber = channelNumber
        self.isCatchup = isCatchup
        self.catchupDays = catchupDays
    }
}

/// A channel group of a playlist.
///
/// Entries bring theirs along; this is for groups whose entries were all filtered out, or that carry properties.
public struct StagedGroup: Sendable, Equatable {
    /// Groups of all accounts are the same when their names are.
    public var name: String
    /// Merged into the relation's own: `xc_id`.
    public var customProperties: JSONObject

    /// A group with these values.
    public init(name: String, customProperties: JSONObject = [:]) {
        self.name = name
        self.customProperties = customProperties
    }
}

/// What a playlist refresh did.
public struct StreamRefreshCounts: Sendable, Equatable {
    /// Streams that were new.
    public var created = 0
    /// Streams of which something changed.
    public var updated = 0
    /// Streams of which only `last_seen` changed.
    public var unchanged = 0
    /// Streams that the playlist has no more, for the first time.
    public var stale = 0
    /// Streams that were missing for too long, or in groups that nobody wants.
    public var deleted = 0
    /// Channel groups that the account did not carry before.
    public var newGroups = 0
    /// Entries that were not stored because their group is not wanted.
    public var unwanted = 0
}

extension String {
    /// The first characters as databases count them (code points).
    func cut(to count: Int) -> String {
        guard utf8.count > count, unicodeScalars.count > count else { return self }
        return String(unicodeScalars.prefix(count))
    }
}
