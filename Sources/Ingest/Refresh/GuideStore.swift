/// What a guide refresh needs to know about a source.
public struct GuideSource: Sendable, Equatable {
    /// Its `id`.
    public var id: Int
    /// For people.
    public var name: String
    /// Where the guide is; a file wins over an address.
    ///
    /// Nil when the source has neither.
    public var source: IngestSource?
    /// Whether it may be refreshed.
    public var isActive: Bool
    /// Whether it is an XMLTV source; others are not refreshed here.
    public var isXMLTV: Bool
    /// Sent to the server; nil for the default.
    public var userAgent: String?
    /// Preferred languages of titles and descriptions, the best first: `["de", "en"]`.
    public var languages: [String] = []
    /// Whether programmes are kept of all the guide's channels, or only of those that one of ours shows.
    public var keepsAllProgrammes = false
    /// For how many days programmes that are over stay, although the guide has them no more; 0 means not at all.
    public var historyDays = 0

    /// A source with these values.
    public init(
        id: Int, name: String, source: IngestSource?, isActive: Bool = true, isXMLTV: Bool = true,
        userAgent: String? = nil
    ) {
        self.id = id
        self.name = name
        self.source = source
        self.isActive = isActive
        self.isXMLTV = isXMLTV
        self.userAgent = userAgent
    }
}

/// What a commit changed.
public struct GuideCounts: Sendable, Equatable {
    /// Guide channels that the source has now.
    public var channels: Int
    /// Programmes that mapped channels have now.
    public var programmes: Int
    /// Guide channels that got mapped while the guide was read: their programmes were left out.
    public var mappedMeanwhile: [Int]

    /// These counts.
    public init(channels: Int = 0, programmes: Int = 0, mappedMeanwhile: [Int] = []) {
        self.channels = channels
        self.programmes = programmes
        self.mappedMeanwhile = mappedMeanwhile
    }
}

/// Where guide sources, their channels and programmes are kept.
public protocol GuideStore: Sendable {
    /// The source, or nil when there is none.
    func guideSource(_ id: Int) async throws -> GuideSource?

    /// Sets the source's `status` and `last_message`; `.success` also sets `updated_at`.
    func report(_ status: RefreshStatus, _ message: String, source: Int) async throws

    /// Begins to gather a new state of the source, which nobody sees yet.
    ///
    /// Its fingerprint stands for everything about the source that decides what becomes of the same file.
    func beginGuide(_ source: GuideSource) async throws -> any GuideStaging
}

/// A new state of one source's channels and programmes that is being gathered.
public protocol GuideStaging: Sendable {
    /// The file whose programmes the source has now; nil when something other than that file decided what is there.
    var known: KnownFile? { get }

    /// The guide ids whose programmes are wanted: those that a channel, or an override of one, shows.
    var mappedChannels: Set<String> { get }

    /// Adds guide channels; of two with the same id the later wins.
    func stage(channels: [GuideChannel]) async throws

    /// Adds programmes: of mapped channels, or of all where the source keeps all.
    func stage(programmes: [Programme]) async throws

    /// Makes everything that was added visible at once; `file` is what the next refresh will find as ``known``.
    func commit(file: KnownFile?) async throws -> GuideCounts

    /// Says that the known file is still the one that there is, perhaps under another version; forgets what was added.
    func confirm(file: KnownFile) async throws

    /// Forgets everything that was added. Harmless after a commit.
    func discard() async
}
