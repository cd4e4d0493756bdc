public import CeleryProtocol
public import Logging

public import struct Foundation.Date

/// One plugin in one generation of its code.
public struct PluginIdentity: Sendable, Hashable {
    /// The plugin's key: `my_plugin`.
    public let key: String
    /// Its folder.
    public let path: String
    /// Changes with its code; calls with another fingerprint run in another process.
    public let fingerprint: String

    /// An identity from its parts; ``PluginDescription/identity`` has a discovered plugin's.
    public init(key: String, path: String, fingerprint: String) {
        self.key = key
        self.path = path
        self.fingerprint = fingerprint
    }
}

/// What the plugin's `context` says about the plugin itself.
public struct PluginContext: Sendable, Hashable {
    /// As stored; the host merges them over the fields' defaults.
    public var settings: JSONObject
    /// The plugin's name, as the manifest has it.
    public var name: String
    /// The plugin's version, as the manifest has it.
    public var version: String
    /// The plugin's description, as the manifest has it.
    public var description: String
    /// Whether an administrator has enabled it.
    public var isEnabled: Bool

    /// A context from its parts.
    public init(
        settings: JSONObject = [:], name: String = "", version: String = "", description: String = "",
        isEnabled: Bool = true
    ) {
        self.settings = settings
        self.name = name
        self.version = version
        self.description = description
        self.isEnabled = isEnabled
    }
}

/// What can be asked of a plugin.
public enum PluginCall: Sendable, Hashable {
    /// `Plugin.run(action, params, context)`. Files: form field to `[{"path","name","content_type","size"}]`.
    case run(action: String, params: JSONValue, files: JSONObject, context: PluginContext)
    /// `Plugin.resolve_ui_resource(resource, params, context)`, or what stands in for it.
    case resource(String, params: JSONValue, allowDisabled: Bool, context: PluginContext)
    /// `Plugin.stop(context)` with one of Dispatcharr's reasons: `disable`, `delete`, `reload`.
    case stop(reason: String, context: PluginContext)
    /// Fields, actions, schema and task names, as the loaded code has them.
    case describe
    /// A `@shared_task` that the plugin registered, by its full name.
    case task(name: String, args: [JSONValue], kwargs: JSONObject)

    /// The word for it in frames, messages and logs.
    public var method: String {
        switch self {
        case .run: "run"
        case .resource: "resource"
        case .stop: "stop"
        case .describe: "describe"
        case .task: "task"
        }
    }

    /// What a reader of a message recognises: `action do_work`.
    var summary: String {
        switch self {
        case .run(let action, _, _, _): "action \(action)"
        case .resource(let name, _, _, _): "resource \(name)"
        case .stop(let reason, _): "stop (\(reason))"
        case .describe: "describe"
        case .task(let name, _, _): "task \(name)"
        }
    }
}

/// What a plugin tells while it works.
///
/// Who said it is known from where it arrives, never from what it says: stamp the plugin's key on it, do not read one.
public enum PluginEvent: Sendable, Hashable {
    /// A record of Python's `logging`. Also what the host itself has to say, as logger `skirret.host`.
    case log(level: Logger.Level, logger: String, message: String, time: Date)
    /// A line of captured output, without its end; at most 8 KiB, a cut is marked in it.
    case output(PluginOutputStream, line: String)
    /// `context["emit_event"](name, payload, success=…)`.
    case event(name: String, payload: JSONValue, success: Bool)
    /// The data of `send_websocket_update("updates", "update", data)`.
    case update(JSONValue)
    /// From 0 to 100, and what is being done.
    case progress(percent: Double, message: String)
    /// It crashed too often and takes no calls until then; the reason is for its card.
    ///
    /// Told by the host, outside any call.
    case suspended(until: Date, reason: String)
}

/// Which of a plugin's two output streams a line came from.
public enum PluginOutputStream: String, Sendable, Hashable {
    /// `print`.
    case stdout
    /// Warnings, and tracebacks of threads that nobody caught.
    case stderr
}
