public import FoundationEssentials

/// One channel of a guide on its way into `epg_epgdata`.
public struct StagedGuideChannel: Sendable, Equatable {
    /// What programmes and channels refer to; at most 255 characters.
    ///
    /// The last of several wins.
    public var id: String
    /// For people; cut to 512 characters.
    public var name: String
    /// At most 500 characters; a longer address is left out.
    public var iconURL: String?

    /// A channel with these values.
    public init(id: String, name: String, iconURL: String? = nil) {
        self.id = id
        self.name = name
        self.iconURL = iconURL
    }
}

/// One programme on its way into `epg_programdata`.
public struct StagedProgramme: Sendable, Equatable {
    /// The guide channel's id.
    public var channelID: String
    /// When it begins.
    public var start: Date
    /// When it ends.
    public var end: Date
    /// Cut to 255 characters.
    public var title: String
    /// The episode's title.
    public var subTitle: String?
    /// The text about it.
    public var description: String?
    /// Everything else, a JSON object in UTF-8; nil becomes NULL, which Django reads as None.
    public var customProperties: [UInt8]?

    /// A programme with these values.
    public init(
        channelID: String, start: Date, end: Date, title: String, subTitle: String? = nil, description: String? = nil,
        customProperties: [UInt8]? = nil
    ) {
        self.channelID = channelID
        self.start = start
        self.end = end
        self.title = title
        self.subTitle = subTitle
        self.description = description
        self.customProperties = customProperties
    }
}

/// What a guide refresh did.
public struct GuideRefreshCounts: Sendable, Equatable {
    /// Guide channels that were new.
    public var channelsCreated = 0
    /// Guide channels whose name or icon changed.
    public var channelsUpdated = 0
    /// Guide channels that stayed as they were.
    public var channelsUnchanged = 0
    /// Guide channels that the guide has no more and that no channel shows.
    public var channelsDeleted = 0
    /// Programmes in the guide of mapped channels, written or not.
    public var programmes = 0
    /// Mapped guide channels whose programmes were replaced.
    public var guidesReplaced = 0
    /// Mapped guide channels whose programmes were the same already.
    public var guidesUnchanged = 0
    /// Guide channels (`epg_epgdata.id`) that got mapped while this refresh ran: their programmes were not kept.
    public var mappedMeanwhile: [Int] = []
}
