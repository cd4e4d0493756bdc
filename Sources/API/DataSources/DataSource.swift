import CeleryProtocol
import HTTPTypes

/// What a page shows and wants kept up to date: a question to a plugin, or to an address, with its parameters filled in.
///
/// Equal questions are one, whoever asks them on however many pages.
struct DataSource: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        /// An action of the plugin, run with the parameters.
        case action
        /// A resource that the plugin resolves.
        case resource
        /// An address of another site, fetched by a worker.
        case url
    }

    /// Stands before a source's name: the topics on which answers are told.
    static let topics = "source:"

    let plugin: String
    let kind: Kind
    /// The action, the resource or the address.
    let name: String
    let params: JSONValue
    /// Whether a plugin that is switched off may answer; only ever true of resources that its own pages declare so.
    let allowsDisabled: Bool

    init(plugin: String, kind: Kind, name: String, params: JSONValue, allowsDisabled: Bool = false) {
        self.plugin = plugin
        self.kind = kind
        self.name = name
        self.params = params
        self.allowsDisabled = allowsDisabled && kind == .resource
    }

    /// Reads what ``json`` writes; nil for anything else.
    init?(_ json: JSONValue) {
        guard let plugin = json["plugin"]?.string, let kind = (json["kind"]?.string).flatMap(Kind.init),
            let name = json["name"]?.string, let params = json["params"]
        else { return nil }
        self.init(
            plugin: plugin, kind: kind, name: name, params: params, allowsDisabled: json["allow_disabled"] == true)
    }

    var json: JSONValue {
        [
            "plugin": .string(plugin), "kind": .string(kind.rawValue), "name": .string(name), "params": params,
            "allow_disabled": .bool(allowsDisabled),
        ]
    }

    /// The same for the same question in whatever order its members come; 32 hexadecimal digits of SHA-256, so that
    /// nobody can make two questions one.
    var id: String { [UInt8](Digest.sha256(Array(json.inOrder.text.utf8)).prefix(16)).hexadecimal }

    /// The task that asks, and its arguments.
    var call: (task: String, args: [JSONValue]) {
        switch kind {
        case .action: (TaskNames.runAction, [.string(plugin), .string(name), params, [:]])
        case .resource: (TaskNames.resolveResource, [.string(plugin), .string(name), params, .bool(allowsDisabled)])
        case .url: (TaskNames.fetchAddress, [.string(plugin), .string(name), params])
        }
    }
}

extension JSONValue {
    /// The same value with the members of every object in the order of their names.
    fileprivate var inOrder: JSONValue {
        switch self {
        case .array(let items): return .array(items.map(\.inOrder))
        case .object(let members):
            var ordered = JSONObject()
            for key in members.keys.sorted() { ordered[key] = members[key]?.inOrder }
            return .object(ordered)
        default: return self
        }
    }
}

/// What a source said last.
struct DataSourceAnswer: Sendable, Equatable {
    /// Bytes of an answer that is told to all at once; a larger one is fetched by those who want it.
    static let mostToldBytes = 64 * 1024
    /// Bytes of an answer that is kept for those who come later.
    ///
    /// 512 KiB: what is larger is no summary, and the page fetches it itself.
    static let mostBytes = 512 * 1024

    /// As the routes that ask plugins answer: `{"success":true,"result":…}`, or an error.
    let body: JSONValue
    let isError: Bool

    init(_ body: JSONValue) {
        guard body.encoded().count <= Self.mostBytes else {
            self = DataSourceAnswer(
                APIError(
                    .contentTooLarge, code: "answer_too_large",
                    "The answer is larger than \(Self.mostBytes / 1024) KiB and is not kept for others.",
                    hint: "Let the plugin answer with less, a page of rows for example."))
            return
        }
        self.body = body
        // A plugin that answers `{"status":"error"}` has failed, whatever the task says.
        isError = body["success"] != true || body["result"]?["status"] == "error"
    }

    /// Without the failed task's id and log: each failure has another, and is the same answer.
    init(_ error: APIError) {
        var members = error.body.object ?? [:]
        if members.removeValue(forKey: "task_id") != nil { members.removeValue(forKey: "hint") }
        body = .object(members)
        isError = true
    }

    /// Another one for another answer.
    var version: String { [UInt8](Digest.sha256(body.encoded()).prefix(12)).hexadecimal }
}
