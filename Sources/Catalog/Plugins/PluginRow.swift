public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// One installed plugin, as `plugins_pluginconfig` keeps it.
public struct PluginRow: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// The folder's name, made safe; what URLs and tasks use.
    public let key: String
    /// For people.
    public let name: String
    /// As the plugin states it; may be empty.
    public let version: String
    /// As the plugin states it; may be empty.
    public let description: String
    /// Whether its code may run.
    public let isEnabled: Bool
    /// Whether somebody has trusted it before; the first time is a question to the administrator.
    public let wasEverEnabled: Bool
    /// Saved settings; a field's default stands for what is missing.
    public let settings: JSONObject
    /// The repository that it was installed from; nil for one that came by hand.
    public let repository: Int?
    /// The repository's name for it; empty when it was not installed from one.
    public let slug: String
    /// A version was chosen that its author does not call finished: newer ones are not pointed out.
    public let isPrerelease: Bool
    /// The repository says that nobody should use it any more.
    public let isDeprecated: Bool
    /// When it was first seen.
    public let createdAt: Date
    /// When the row last changed.
    public let updatedAt: Date

    init(_ row: Row) {
        id = row["id"]
        key = row["key"]
        name = row["name"]
        version = row["version"]
        description = row["description"]
        isEnabled = row["enabled"]
        wasEverEnabled = row["ever_enabled"]
        settings = row.object("settings")
        repository = row["source_repo_id"]
        slug = row["slug"]
        isPrerelease = row["installed_version_is_prerelease"]
        isDeprecated = row["deprecated"]
        createdAt = row.time("created_at") ?? .distantPast
        updatedAt = row.time("updated_at") ?? .distantPast
    }
}

/// What was installed from a repository.
public struct RepositoryInstall: Sendable, Equatable {
    /// The repository's identifier.
    public var repository: Int
    /// The repository's name for the plugin.
    public var slug: String
    /// The version that was asked for; what the plugin itself states comes first.
    public var version: String
    /// Whether that version is not called finished.
    public var isPrerelease: Bool
    /// Whether the repository says that nobody should use the plugin any more.
    public var isDeprecated: Bool

    /// An installation with these facts.
    public init(repository: Int, slug: String, version: String, isPrerelease: Bool, isDeprecated: Bool) {
        self.repository = repository
        self.slug = slug
        self.version = version
        self.isPrerelease = isPrerelease
        self.isDeprecated = isDeprecated
    }
}

/// A plugin found on disk.
public struct DiscoveredPlugin: Sendable, Equatable {
    /// The folder's name, made safe.
    ///
    /// At most 128 characters.
    public var key: String
    /// For people.
    ///
    /// At most 255 characters are kept.
    public var name: String
    /// As the plugin states it.
    ///
    /// At most 64 characters are kept.
    public var version: String
    /// As the plugin states it.
    public var description: String

    /// A plugin with these values.
    public init(key: String, name: String, version: String = "", description: String = "") {
        self.key = key
        self.name = name
        self.version = version
        self.description = description
    }
}
