public import CeleryProtocol

/// A plugin as its folder shows it, without a line of it having run.
public struct PluginDescription: Sendable, Hashable {
    /// The folder's name in lower case with spaces as underscores; unique.
    public let key: String
    /// Its folder.
    public let path: String
    /// The manifest's name, else the code's, else the folder's.
    public let name: String
    /// Empty when neither manifest nor code says.
    public let version: String
    /// Empty when neither manifest nor code says.
    public let description: String
    /// Empty when neither manifest nor code says.
    public let author: String
    /// Empty when neither manifest nor code says.
    public let helpURL: String
    /// Settings fields, checked; what is not a field is left out.
    public let fields: [JSONValue]
    /// Actions, checked; what is not an action is left out.
    public let actions: [JSONValue]
    /// The declared pages, as the plugin wrote them; nil without pages, or when they are computed.
    public let uiSchema: JSONValue?
    /// Whether it has no readable `plugin.json`.
    public let isLegacy: Bool
    /// Its `logo.png`, if there is one.
    public let logoPath: String?
    /// Why its code cannot be read, as far as that shows without running it.
    public let loadError: String?
    /// What was ignored, and why.
    public let warnings: [String]
    /// Changes with its code and manifest.
    public let fingerprint: String

    /// What a call needs to know of it.
    public var identity: PluginIdentity { PluginIdentity(key: key, path: path, fingerprint: fingerprint) }

    /// A description from one entry of the describer's output; nil without key, path or fingerprint.
    init?(json: JSONValue) {
        guard let key = json["key"]?.string, let path = json["path"]?.string,
            let fingerprint = json["fingerprint"]?.string
        else { return nil }
        self.key = key
        self.path = path
        self.fingerprint = fingerprint
        name = json["name"]?.string ?? key
        version = json["version"]?.string ?? ""
        description = json["description"]?.string ?? ""
        author = json["author"]?.string ?? ""
        helpURL = json["help_url"]?.string ?? ""
        fields = json["fields"]?.array ?? []
        actions = json["actions"]?.array ?? []
        // Spelled out: `nil` where a JSONValue may stand would be JSON's null.
        let schema = json["ui_schema"] ?? .null
        uiSchema = schema.isNull ? Optional.none : .some(schema)
        isLegacy = json["legacy"]?.bool ?? false
        logoPath = json["logo"]?.bool == true ? path + "/logo.png" : json["logo"]?.string
        loadError = json["load_error"]?.string
        warnings = json["warnings"]?.array?.compactMap(\.string) ?? []
    }
}
