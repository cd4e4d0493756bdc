import CeleryProtocol
import Foundation

/// Prints workers' answers for people, laid out as Celery's own commands do; lists of tasks and queues as tables.
struct ReplyPrinter {
    let command: String

    /// `->  w1@host: OK`.
    static func head(_ reply: ControlReply) {
        Output.line("->  \(reply.node): \(reply.value["error"] == nil ? "OK" : "ERROR")")
    }

    static func count(_ replies: [ControlReply]) {
        Output.line("\n\(replies.count) \(replies.count == 1 ? "node" : "nodes") online.")
    }

    func print(_ reply: ControlReply) {
        Self.head(reply)
        for line in lines(reply.value) { Output.line("    " + line) }
    }

    private func lines(_ value: JSONValue) -> [String] {
        if let inner = value["ok"] ?? value["error"], value.object?.count == 1 { return lines(inner) }
        switch value {
        case .array(let elements) where elements.isEmpty: return ["- empty -"]
        case .array(let elements):
            return table(elements) ?? elements.map { "* " + ($0.string ?? $0.text) }
        case .object(let object) where object.isEmpty: return ["- empty -"]
        case .object: return value.indented.split(separator: "\n").map(String.init)
        case .string(let text): return text.split(separator: "\n").map(String.init)
        case .null: return []
        default: return [value.text]
        }
    }

    private func table(_ elements: [JSONValue]) -> [String]? {
        switch command {
        case "active", "reserved":
            let rows = elements.map { Self.task($0) + [Self.since($0["time_start"])] }
            return Output.columns(["TASK", "NAME", "ARGS", "KWARGS", "RUNNING FOR"], rows)
        case "scheduled":
            let rows = elements.map { [Self.text($0["eta"])] + Self.task($0["request"] ?? .null) }
            return Output.columns(["DUE", "TASK", "NAME", "ARGS", "KWARGS"], rows)
        case "active_queues":
            let rows = elements.map { queue in
                [queue["name"], queue["exchange"]?["name"], queue["exchange"]?["type"], queue["routing_key"]].map(
                    Self.text)
            }
            return Output.columns(["QUEUE", "EXCHANGE", "TYPE", "ROUTING KEY"], rows)
        default: return nil
        }
    }

    private static func task(_ info: JSONValue) -> [String] {
        [info["id"], info["name"], info["args"], info["kwargs"]].map(text)
    }

    /// One cell: a text as it is, anything else as JSON, in one line and not too long.
    private static func text(_ value: JSONValue?) -> String {
        guard let value, !value.isNull else { return "-" }
        let text = (value.string ?? value.text).map { $0.isNewline ? " " : $0 }
        return text.count <= 60 ? String(text) : String(text.prefix(57)) + "..."
    }

    private static func since(_ began: JSONValue?) -> String {
        guard let began = began?.double else { return "-" }
        return "\(max(0, Int(Date().timeIntervalSince1970 - began))) s"
    }
}

extension JSONValue {
    /// JSON in lines, four blanks a level, as Python's `json.dumps(indent=4)`.
    var indented: String { indented(by: "") }

    private func indented(by margin: String) -> String {
        let inner = margin + "    "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            return "[\n" + elements.map { inner + $0.indented(by: inner) }.joined(separator: ",\n") + "\n\(margin)]"
        case .object(let object) where !object.isEmpty:
            let members = object.map { "\(inner)\(JSONValue.string($0.key).text): \($0.value.indented(by: inner))" }
            return "{\n" + members.joined(separator: ",\n") + "\n\(margin)}"
        default: return text
        }
    }
}
