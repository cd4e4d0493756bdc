public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// What people decide about a programme guide.
public struct EPGSourceDraft: SourceDraft, Equatable {
    /// The kinds of guide, as the column spells them.
    public enum Kind: String, Sendable, CaseIterable {
        case xmltv
        case schedulesDirect = "schedules_direct"
        /// Made up from channel names; never refreshed.
        case dummy
    }

    /// Unique; 1 to 255 characters.
    public var name: String
    /// Where it comes from.
    public var kind: Kind
    /// Where the XMLTV file is.
    public var url: String?
    /// For Schedules Direct.
    public var username: String?
    /// For Schedules Direct.
    ///
    /// Secret.
    public var password: String?
    /// Whether it is refreshed.
    public var isActive = true
    /// A local or uploaded file instead of a URL.
    public var filePath: String?
    /// Hours between refreshes; 0 means never by itself.
    public var refreshInterval = 0
    /// Wins over the interval.
    public var cron: CronExpression?
    /// Options of the kind.
    public var customProperties = JSONObject()
    /// Higher is preferred.
    public var priority = 0

    /// A guide with that name and the usual values.
    public init(name: String, kind: Kind = .xmltv, url: String? = nil, filePath: String? = nil) {
        self.name = name
        self.kind = kind
        self.url = url
        self.filePath = filePath
    }
}

/// One row of `epg_epgsource`.
public struct EPGSource: SourceRow, Equatable {
    /// The row's identifier.
    public let id: Int
    /// What people decided.
    public let draft: EPGSourceDraft
    /// Where its refresh stands.
    public let status: SourceStatus
    /// What the last refresh said.
    public let lastMessage: String?
    /// When the source was made.
    public let createdAt: Date
    /// When it was last refreshed.
    public let updatedAt: Date?
    /// Its row in `django_celery_beat_periodictask`.
    public let refreshTaskID: Int?
    /// How many channels its guide has.
    public let channelCount: Int
    /// Whether one of our channels shows its programmes.
    public let isMapped: Bool

    init(_ row: Row, cron: CronExpression?) {
        id = row["id"]
        var draft = EPGSourceDraft(
            name: row["name"], kind: EPGSourceDraft.Kind(rawValue: row["source_type"]) ?? .xmltv, url: row["url"],
            filePath: row["file_path"])
        draft.username = row["username"]
        draft.password = row["password"]
        draft.isActive = row["is_active"]
        draft.refreshInterval = row["refresh_interval"]
        draft.cron = cron
        draft.customProperties = row.object("custom_properties")
        draft.priority = row["priority"]
        self.draft = draft
        status = SourceStatus(rawValue: row["status"])
        lastMessage = row["last_message"]
        createdAt = row.time("created_at") ?? .distantPast
        updatedAt = row.time("updated_at")
        refreshTaskID = row["refresh_task_id"]
        channelCount = row["channel_count"]
        isMapped = row["is_mapped"]
    }
}
