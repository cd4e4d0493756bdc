import CeleryProtocol

/// Why a command was not done; the text goes into the reply's `error`.
struct ControlFault: Error {
    let text: String

    init(_ text: String) { self.text = text }

    /// As Python prints an exception: `ValueError('Autoscale not enabled')`.
    init(raising type: String, _ message: String) { text = "\(type)(\(pythonRepr(.string(message))))" }

    init(_ error: any Error) {
        self = error as? ControlFault ?? ControlFault(raising: "RuntimeError", "\(error)")
    }
}

/// The arguments of one command; those of newer clients are ignored.
struct ControlArguments {
    private let command: ControlCommand
    private let values: JSONObject

    /// - Throws: ``ControlFault`` with Python's words when one is missing without which the command means nothing.
    init(_ command: ControlCommand, _ values: JSONObject) throws(ControlFault) {
        self.command = command
        self.values = values
        let needed =
            command.parameters.filter { $0.isRequired && $0.kind == .text }.map(\.name)
            + (command.rest.map { $0 == "taskinfoitems" ? [] : [$0] } ?? [])
        let missing = needed.filter { values[$0] == nil }
        guard !missing.isEmpty else { return }
        let names = missing.map { pythonRepr(.string($0)) }
        let list =
            names.count < 3
            ? names.joined(separator: " and ")
            : names.dropLast().joined(separator: ", ") + ", and " + (names.last ?? "")
        throw ControlFault(
            raising: "TypeError",
            "\(command.name)() missing \(names.count) required positional argument\(names.count == 1 ? "" : "s"): \(list)"
        )
    }

    subscript(name: String) -> JSONValue? {
        guard let value = values[name], !value.isNull else { return nil }
        return value
    }

    /// - Throws: ``ControlFault`` when it is no text, or none of a name's length.
    func text(_ name: String) throws(ControlFault) -> String {
        guard let text = self[name]?.string, !text.isEmpty, text.utf8.count <= 255 else {
            throw ControlFault(
                raising: "TypeError", "\(command.name)(): \(name) is to be a text of 1 to 255 bytes")
        }
        return text
    }

    /// One text or a list of them; what is no text is left out.
    ///
    /// - Throws: ``ControlFault`` for more than 50,000, the number of revoked ids that a worker of Celery's remembers.
    func texts(_ name: String) throws(ControlFault) -> [String] {
        let list = self[name].map { $0.array ?? [$0] } ?? []
        guard list.count <= 50_000 else {
            throw ControlFault(raising: "ValueError", "\(command.name)(): \(name) has more than 50,000 entries")
        }
        return list.compactMap(\.string).filter { !$0.isEmpty && $0.utf8.count <= 255 }
    }

    func flag(_ name: String) -> Bool {
        guard let value = self[name] else { return false }
        return value.bool ?? value.int.map { $0 != 0 } ?? value.string.map { !$0.isEmpty } ?? false
    }

    /// A whole number, also as the text of one; nil when it is none.
    func whole(_ name: String) -> Int? { self[name].flatMap { $0.int ?? $0.string.flatMap { Int($0) } } }

    /// Seconds, also as text; nil when it is none, or not positive.
    func seconds(_ name: String) -> Double? {
        self[name].flatMap { $0.double ?? $0.string.flatMap { Double($0) } }.flatMap {
            $0.isFinite && $0 > 0 ? $0 : nil
        }
    }
}
