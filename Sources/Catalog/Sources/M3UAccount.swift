public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// What people decide about a playlist account.
public struct M3UAccountDraft: SourceDraft, Equatable {
    /// The two kinds of account, as the column spells them.
    public enum Kind: String, Sendable, CaseIterable {
        case standard = "STD"
        case xtream = "XC"
    }

    /// Unique; 1 to 255 characters.
    public var name: String
    /// Where the playlist, or the Xtream server, is.
    public var serverURL: String?
    /// A local file instead of a URL.
    public var filePath: String?
    /// Accounts that share a connection limit.
    public var serverGroupID: Int?
    /// How many streams at once; 0 means any number.
    public var maxStreams = 0
    /// Whether it is refreshed.
    public var isActive = true
    /// Nil means the default one of the settings.
    public var userAgentID: Int?
    /// Nil means the default one of the settings.
    public var streamProfileID: Int?
    /// Playlist file or Xtream Codes API.
    public var kind = Kind.standard
    /// For Xtream Codes.
    public var username: String?
    /// For Xtream Codes.
    ///
    /// Secret.
    public var password: String?
    /// Options such as `auto_enable_new_groups_live`, `enable_vod`.
    public var customProperties = JSONObject()
    /// Hours between refreshes; 0 means never by itself.
    public var refreshInterval = 0
    /// Wins over the interval.
    public var cron: CronExpression?
    /// Days after which a stream that the playlist no longer has is deleted; 0 means at once.
    public var staleStreamDays = 7
    /// Higher is preferred.
    public var priority = 0

    /// An account with that name and the usual values.
    public init(name: String, serverURL: String? = nil, filePath: String? = nil) {
        self.name = name
        self.serverURL = serverURL
        self.filePath = filePath
    }
}

/// The states of a source, as the columns spell them.
///
/// A source may hold a word that is not listed here.
public struct SourceStatus: RawRepresentable, Sendable, Hashable {
    /// The column's text.
    public let rawValue: String

    /// The status with that text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Nothing happens.
    public static let idle = SourceStatus(rawValue: "idle")
    /// Bytes come in.
    public static let fetching = SourceStatus(rawValue: "fetching")
    /// They are read and stored.
    public static let parsing = SourceStatus(rawValue: "parsing")
    /// The last refresh failed; the message says why.
    public static let error = SourceStatus(rawValue: "error")
    /// The last refresh ended well.
    public static let success = SourceStatus(rawValue: "success")
    /// Groups are known; somebody has to choose among them.
    public static let pendingSetup = SourceStatus(rawValue: "pending_setup")
    /// Switched off.
    public static let disabled = SourceStatus(rawValue: "disabled")
}

/// One row of `m3u_m3uaccount`.
public struct M3UAccount: SourceRow, Equatable {
    /// The row's identifier.
    public let id: Int
    /// What people decided.
    public let draft: M3UAccountDraft
    /// The product's own account `custom`, which owns streams made by hand.
    ///
    /// Never refreshed.
    public let isLocked: Bool
    /// Where its refresh stands.
    public let status: SourceStatus
    /// What the last refresh said.
    public let lastMessage: String?
    /// When the account was made.
    public let createdAt: Date
    /// When it was last refreshed.
    public let updatedAt: Date?
    /// Its row in `django_celery_beat_periodictask`.
    public let refreshTaskID: Int?

    init(_ row: Row, cron: CronExpression?) {
        id = row["id"]
        var draft = M3UAccountDraft(name: row["name"], serverURL: row["server_url"], filePath: row["file_path"])
        draft.serverGroupID = row["server_group_id"]
        draft.maxStreams = row["max_streams"]
        draft.isActive = row["is_active"]
        draft.userAgentID = row["user_agent_id"]
        draft.streamProfileID = row["stream_profile_id"]
        draft.kind = M3UAccountDraft.Kind(rawValue: row["account_type"]) ?? .standard
        draft.username = row["username"]
        draft.password = row["password"]
        draft.customProperties = row.object("custom_properties")
        draft.refreshInterval = row["refresh_interval"]
        draft.cron = cron
        draft.staleStreamDays = row["stale_stream_days"]
        draft.priority = row["priority"]
        self.draft = draft
        isLocked = row["locked"]
        status = SourceStatus(rawValue: row["status"])
        lastMessage = row["last_message"]
        createdAt = row.time("created_at") ?? .distantPast
        updatedAt = row.time("updated_at")
        refreshTaskID = row["refresh_task_id"]
    }
}

/// One row of `m3u_m3ufilter`.
public struct M3UFilter: Sendable, Equatable {
    /// What the pattern is looked for in, as the column spells it.
    public enum Target: String, Sendable {
        case group, name, url
    }

    /// The row's identifier.
    public let id: Int
    /// Where to look.
    public let target: Target
    /// A regular expression to search for.
    public let pattern: String
    /// Whether a hit drops the stream or keeps it.
    public let excludes: Bool
    /// Lower is asked first; the first hit decides.
    public let order: Int
    /// `case_sensitive`, and whatever else programs keep there.
    public let customProperties: JSONObject

    /// `custom_properties.case_sensitive`; true unless it says false.
    public var isCaseSensitive: Bool { customProperties["case_sensitive"]?.bool ?? true }
}

/// One row of `m3u_m3uaccountprofile`: a way to connect to an account.
public struct M3UAccountProfile: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// Unique within the account.
    public let name: String
    /// The one that came with the account.
    public let isDefault: Bool
    /// How many streams at once; 0 means any number.
    public let maxStreams: Int
    /// Whether it may be used.
    public let isActive: Bool
    /// What is replaced in a stream's URL.
    public let searchPattern: String
    /// What takes its place.
    public let replacePattern: String
    /// How many people watch through it now.
    public let currentViewers: Int
    /// `user_info` and `server_info` of an Xtream account.
    public let customProperties: JSONObject
    /// When the subscription ends.
    public let expiresAt: Date?
}

/// A channel group as one account carries it: `dispatcharr_channels_channelgroupm3uaccount`.
public struct AccountGroup: Sendable, Equatable {
    /// `dispatcharr_channels_channelgroup.id`.
    public let groupID: Int
    /// The group's name.
    public let name: String
    /// Whether its streams are wanted.
    public let isEnabled: Bool
    /// Whether channels are made of its streams.
    public let syncsChannels: Bool
    /// The first number for those channels.
    public let firstChannelNumber: Double?
    /// The last number for those channels.
    public let lastChannelNumber: Double?
    /// When a refresh last saw it.
    public let lastSeen: Date?
    /// Whether the last refresh missed it.
    public let isStale: Bool
    /// `xc_id`, numbering and renaming options.
    public let customProperties: JSONObject
}
