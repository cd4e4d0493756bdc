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
    /// The repository's name for it; empty when it was not installed from one.
    public let slug: String
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
        slug = row["slug"]
        isDeprecated = row["deprecated"]
        createdAt = row.time("created_at") ?? .distantPast
        updatedAt = row.time("updated_at") ?? .distantPast
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
