public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// One person who may sign in, as `accounts_user` keeps them.
public struct UserRow: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// Unique, upper and lower case told apart.
    public let username: String
    /// As Django encodes it: `pbkdf2_sha256$<iterations>$<salt>$<base64>`; never leaves the server.
    public let password: String
    /// The key's digest or, in a row that Dispatcharr wrote, the key itself; never leaves the server.
    public let apiKey: String?
    /// May be empty.
    public let email: String
    /// May be empty.
    public let firstName: String
    /// May be empty.
    public let lastName: String
    /// What the person may do here.
    public let level: UserLevel
    /// Whether the person may sign in at all.
    public let isActive: Bool
    /// Django's own flag for its administration pages.
    public let isStaff: Bool
    /// Django's own flag for all of its permissions.
    public let isSuperuser: Bool
    /// What clients and plugins keep about the person.
    public let customProperties: JSONObject
    /// How a client draws the person.
    public let avatar: JSONObject
    /// Streams at once.
    ///
    /// 0: as many as there are.
    public let streamLimit: Int
    /// When the row was made.
    public let joinedAt: Date
    /// The last log-in with a password.
    ///
    /// Nil: never.
    public let lastLogin: Date?
    /// The channel profiles the person is limited to; none means all.
    public let channelProfiles: [Int]

    init(_ row: Row, channelProfiles: [Int]) {
        id = row["id"]
        username = row["username"]
        password = row["password"]
        apiKey = row["api_key"]
        email = row["email"]
        firstName = row["first_name"]
        lastName = row["last_name"]
        level = UserLevel(rawValue: row["user_level"])
        isActive = row["is_active"]
        isStaff = row["is_staff"]
        isSuperuser = row["is_superuser"]
        customProperties = row.object("custom_properties")
        avatar = row.object("avatar_config")
        streamLimit = row["stream_limit"]
        joinedAt = row.time("date_joined") ?? .distantPast
        lastLogin = row.time("last_login")
        self.channelProfiles = channelProfiles
    }
}

/// What is set when a person's row is made or changed.
///
/// Nil: leave it as it is, or the column's default in a new row.
public struct UserChange: Sendable, Equatable {
    /// At most 150 characters.
    public var username: String?
    /// The encoded form.
    ///
    /// Never the password itself.
    public var password: String?
    /// At most 254 characters.
    public var email: String?
    /// At most 150 characters.
    public var firstName: String?
    /// At most 150 characters.
    public var lastName: String?
    /// What the person may do.
    public var level: UserLevel?
    /// Whether the person may sign in.
    public var isActive: Bool?
    /// Django's flag.
    public var isStaff: Bool?
    /// Django's flag.
    public var isSuperuser: Bool?
    /// Replaces what is there.
    public var customProperties: JSONObject?
    /// Replaces what is there.
    public var avatar: JSONObject?
    /// 0: no limit.
    public var streamLimit: Int?
    /// Replaces the list; every one must exist.
    public var channelProfiles: [Int]?

    /// Changes nothing yet.
    public init() {}
}
