import CeleryProtocol

/// JSON schemas, as short as they can be said.
enum Schema {
    static let text: JSONValue = ["type": "string"]
    static let flag: JSONValue = ["type": "boolean"]
    static let integer: JSONValue = ["type": "integer"]
    static let number: JSONValue = ["type": "number"]
    static let time: JSONValue = ["type": "string", "format": "date-time"]
    /// Any JSON at all.
    static let any: JSONValue = [:]
    static let anyObject: JSONValue = ["type": "object"]
    static let anyList: JSONValue = ["type": "array"]

    static func text(pattern: String) -> JSONValue { ["type": "string", "pattern": .string(pattern)] }
    static func text(atMost length: Int, atLeast least: Int = 0) -> JSONValue {
        ["type": "string", "minLength": .int(least), "maxLength": .int(length)]
    }
    static func integer(_ range: ClosedRange<Int>) -> JSONValue {
        ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
    }
    static func choice(_ words: [String]) -> JSONValue {
        ["type": "string", "enum": .array(words.map(JSONValue.string))]
    }
    /// A truth value in any of the spellings that forms send.
    static let looseFlag: JSONValue = [
        "anyOf": [flag, ["enum": [0, 1, "true", "false", "1", "0", "yes", "no", "y", "n", "on", "off"]]]
    ]
    /// A whole number, or the text of one as forms send it.
    static func looseInteger(_ range: ClosedRange<Int>) -> JSONValue {
        ["anyOf": [integer(range), text(pattern: "^[0-9]{1,3}$")]]
    }
    /// The same object with at least one of some members.
    static func object(_ members: JSONObject, needsOneOf names: [String]) -> JSONValue {
        var schema = object(members).object ?? [:]
        schema["anyOf"] = .array(names.map { ["required": [.string($0)]] })
        return .object(schema)
    }
    static func list(of item: JSONValue) -> JSONValue { ["type": "array", "items": item] }
    static func optional(_ schema: JSONValue) -> JSONValue { ["anyOf": [schema, ["type": "null"]]] }
    static func ref(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// An object; members that are not named may be there too.
    static func object(_ members: JSONObject, needs: [String] = []) -> JSONValue {
        var schema: JSONObject = ["type": "object", "properties": .object(members)]
        if !needs.isEmpty { schema["required"] = .array(needs.map(JSONValue.string)) }
        return .object(schema)
    }
    /// A form; its fields have names.
    static func form(_ fields: JSONObject, needs: [String]) -> JSONValue {
        var schema = object(fields, needs: needs).object ?? [:]
        schema["propertyNames"] = ["minLength": 1]
        return .object(schema)
    }
    /// An answer of the server: every member that is named is there.
    static func answer(_ members: JSONObject) -> JSONValue {
        object(members, needs: members.map(\.key))
    }
    /// A page of rows under a name, with the cursor of the next one.
    static func page(_ name: String, of row: JSONValue) -> JSONValue {
        answer([name: list(of: row), "next": optional(text)])
    }
    /// `{"success":true,…}`.
    static func success(_ members: JSONObject = [:]) -> JSONValue {
        answer((["success": ["const": true]] as JSONObject).merging(members))
    }
    /// Work was accepted, and goes on.
    static let accepted = success(["task_id": text])
}
