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
    /// Which leader hooks it has; with one of them its process has to run in every worker.
    public let hooks: [String]
    /// Whether it has the packages that it asks for.
    public let requirements: PluginRequirements
    /// Changes with its code and manifest.
    public let fingerprint: String

    /// What a call needs to know of it.
    public var identity: PluginIdentity { PluginIdentity(key: key, path: path, fingerprint: fingerprint) }

    /// Its folder's name.
    public var folder: String { path.split(separator: "/").last.map(String.init) ?? path }

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
        hooks = json["hooks"]?.array?.compactMap(\.string) ?? []
        requirements = PluginRequirements(json: json["requirements"] ?? .null)
    }
}

/// Whether a plugin has the packages that its `requirements.txt` asks for.
public struct PluginRequirements: Sendable, Hashable {
    /// How far they are.
    public enum State: String, Sendable, Hashable {
        /// It asks for nothing.
        case none
        /// Nobody has had them installed.
        case missing
        /// They are there.
        case ready
        /// They could not be installed.
        case failed
        /// The file cannot be read as one.
        case invalid
    }

    /// How far they are.
    public let state: State
    /// Why not, for people; nil where nothing is wrong.
    public let error: String?

    init(json: JSONValue) {
        state = json["state"]?.string.flatMap(State.init) ?? .none
        error = json["error"]?.string
    }
}
