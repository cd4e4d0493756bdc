import CeleryProtocol

/// Hands out a call's arguments one parameter after the other, as Python would bind them.
struct ArgumentReader {
    let task: String
    let parameters: [String]
    let args: [JSONValue]
    var kwargs: JSONObject
    private var position = 0

    init(task: String, parameters: [String], args: [JSONValue], kwargs: JSONObject) {
        self.task = task
        self.parameters = parameters
        self.args = args
        self.kwargs = kwargs
    }

    mutating func next<Value: Decodable>(_ type: Value.Type) throws -> Value {
        defer { position += 1 }
        let name = position < parameters.count ? parameters[position] : nil
        let given: JSONValue?
        if position < args.count {
            given = args[position]
        } else if let name, let value = kwargs.removeValue(forKey: name) {
            given = value
        } else {
            given = nil
        }
        if let value = given as? Value { return value }
        do {
            return try (given ?? .null).decode(type)
        } catch {
            let label = name.map { "'\($0)'" } ?? "\(position + 1)"
            guard let given else {
                throw TaskFailure.builtin("TypeError", "\(task)() missing required argument \(label)")
            }
            throw TaskFailure.builtin(
                "TypeError", "\(task)() argument \(label): expected \(type), got \(pythonRepr(given))")
        }
    }

    func finish() throws {
        if args.count > position {
            throw TaskFailure.builtin(
                "TypeError", "\(task)() takes \(position) arguments but \(args.count) were given")
        }
        if let name = kwargs.keys.first {
            throw TaskFailure.builtin("TypeError", "\(task)() got an unexpected keyword argument '\(name)'")
        }
    }
}
