public import CeleryProtocol
public import FoundationEssentials

/// What a refresh from Schedules Direct needs to know about a source.
public struct DirectSource: Sendable, Equatable {
    /// Its `id`.
    public var id: Int
    /// For people.
    public var name: String
    /// Another address of the service than its own.
    public var address: String?
    /// The account.
    public var username: String
    /// Secret.
    public var password: String
    /// Whether it may be refreshed.
    public var isActive: Bool
    /// When it was refreshed last.
    public var updatedAt: Date?
    /// Whether schedules were read before.
    public var hasSchedules: Bool
    /// `sd_auth_lockout…` and `logo_style`.
    public var properties: JSONObject

    /// A source with these values.
    public init(
        id: Int, name: String, address: String? = nil, username: String?, password: String?, isActive: Bool = true,
        updatedAt: Date? = nil, hasSchedules: Bool = false, properties: JSONObject = [:]
    ) {
        self.id = id
        self.name = name
        self.address = address.flatMap { $0.isEmpty ? nil : $0 }
        self.username = (username ?? "").trimmed
        self.password = (password ?? "").trimmed
        self.isActive = isActive
        self.updatedAt = updatedAt
        self.hasSchedules = hasSchedules
        self.properties = properties
    }
}

/// A station and one of its days, with what tells whether its schedule has changed.
public struct DirectDay: Sendable, Hashable {
    /// The station's number, as text.
    public var station: String
    /// In UTC, ISO.
    public var date: String
    /// Changes with the schedule.
    public var digest: String
}

/// A log-in at Schedules Direct, good for a day; the service locks accounts out that ask for one too often.
public struct DirectToken: Sendable, Equatable {
    /// Secret.
    public var text: String
    /// Stands for the address, the account and the password that it was given for.
    public var credentials: String
    /// When it is no longer good.
    public var expires: Date

    /// A log-in.
    public init(text: String, credentials: String, expires: Date) {
        self.text = text
        self.credentials = credentials
        self.expires = expires
    }
}

/// A showing of a programme that has no artwork yet.
public struct DirectShowing: Sendable, Equatable {
    /// `epg_programdata.id`.
    public var id: Int
    /// Which programme.
    public var programme: String

    /// A showing.
    public init(id: Int, programme: String) {
        self.id = id
        self.programme = programme
    }
}

/// Where sources of Schedules Direct, their stations and programmes are kept.
public protocol DirectStore: Sendable {
    /// The source, or nil when there is none of that kind.
    func directSource(_ id: Int) async throws -> DirectSource?

    /// Sets the source's `status` and `last_message`; `.success` also sets `updated_at`.
    func report(_ status: RefreshStatus, _ message: String, source: Int) async throws

    /// Changes some of the source's `custom_properties`; null takes one away.
    func note(_ properties: JSONObject, source: Int) async throws

    /// Makes the source's guide channels these stations; those that are gone and that nobody shows go.
    func write(_ stations: [GuideChannel], source: Int) async throws

    /// The log-in that was kept last, however old.
    func directToken(source: Int) async throws -> DirectToken?

    /// Keeps a log-in for the next refresh, or forgets the one that was kept.
    func keep(_ token: DirectToken?, source: Int) async throws

    /// Showings for whose programmes no artwork of that style was looked for yet; at most 100,000.
    ///
    /// Of one guide channel, or of all that somebody shows when that is nil.
    func showingsWithoutArtwork(source: Int, only guide: Int?, style: String) async throws -> [DirectShowing]

    /// Gives each of these showings its artwork, or the mark that there is none.
    func keepArtwork(_ artwork: [(showing: Int, url: String?)], style: String) async throws

    /// Begins to gather new schedules of stations that somebody shows, which nobody sees yet.
    ///
    /// Of one guide channel, or of all when that is nil.
    func beginDirect(source: Int, only guide: Int?) async throws -> any DirectStaging
}

/// New schedules of one source that are being gathered.
public protocol DirectStaging: Sendable {
    /// The stations that somebody shows.
    var stations: [String] { get }

    /// Of these days those whose schedules are to be read: they have changed, or have no programmes here.
    func changed(_ days: [DirectDay]) async throws -> [DirectDay]

    /// Adds what stations show.
    func stage(_ schedules: [DirectSchedule]) async throws

    /// The next programmes whose description has to be asked for, after the one given; empty at the end.
    func missingProgrammes(after position: Int, limit: Int) async throws -> (ids: [String], last: Int)

    /// Adds descriptions.
    func stage(_ programmes: [DirectProgramme]) async throws

    /// Makes everything that was added visible at once, for the days that were found changed.
    ///
    /// - Returns: Programmes that were written.
    func commit() async throws -> Int

    /// Forgets everything that was added. Harmless after a commit.
    func discard() async
}
