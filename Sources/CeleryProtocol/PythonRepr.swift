/// A value as Python's `repr` prints it, cut at 1,024 characters: `[2, 'x', None, True]`, `{'k': 1.5}`.
///
/// For results and keyword arguments in events and headers; for positional arguments see ``pythonTupleRepr(_:)``.
public func pythonRepr(_ value: JSONValue) -> String {
    var writer = ReprWriter()
    writer.write(value)
    return writer.finished
}

/// Arguments as Python prints a tuple, cut at 1,024 characters: `(2, 'x', None, True)`, `(1,)`, `()`.
public func pythonTupleRepr(_ arguments: [JSONValue]) -> String {
    var writer = ReprWriter()
    writer.write(arguments, open: "(", close: arguments.count == 1 ? ",)" : ")")
    return writer.finished
}

/// Prints until it has enough; the rest of a large value costs nothing.
private struct ReprWriter {
    /// Celery's own cut for `argsrepr` and `kwargsrepr`.
    private static let limit = 1024

    private var text = ""
    private var length = 0
    private var isFull: Bool { length > Self.limit }

    var finished: String {
        isFull ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(Self.limit - 3))) + "..." : text
    }

    mutating func write(_ value: JSONValue) {
        guard !isFull else { return }
        switch value {
        case .null: append("None")
        case .bool(let value): append(value ? "True" : "False")
        case .number(let number): append(Self.word(number))
        case .string(let text): write(text)
        case .array(let elements): write(elements, open: "[", close: "]")
        case .object(let object): write(object)
        }
    }

    mutating func write(_ elements: [JSONValue], open: String, close: String) {
        append(open)
        for (index, element) in elements.enumerated() where !isFull {
            if index > 0 { append(", ") }
            write(element)
        }
        append(close)
    }

    private mutating func write(_ object: JSONObject) {
        append("{")
        for (index, member) in object.enumerated() where !isFull {
            if index > 0 { append(", ") }
            write(member.key)
            append(": ")
            write(member.value)
        }
        append("}")
    }

    private static func word(_ number: JSONNumber) -> String {
        switch number.text {
        case "NaN": "nan"
        case "Infinity": "inf"
        case "-Infinity": "-inf"
        default: number.text
        }
    }

    /// Python quotes with `'` unless the text has one and no `"`.
    private mutating func write(_ string: String) {
        let scalars = string.unicodeScalars
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        append(String(quote))
        for scalar in scalars {
            if isFull { return }
            switch scalar {
            case quote, "\\": append("\\" + String(scalar))
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            default: append(Self.isPrintable(scalar) ? String(scalar) : Self.escape(scalar))
            }
        }
        append(String(quote))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        let (mark, width) = scalar.value < 0x100 ? ("\\x", 2) : scalar.value < 0x10000 ? ("\\u", 4) : ("\\U", 8)
        return mark + String(repeating: "0", count: width - digits.count) + digits
    }

    private mutating func append(_ part: String) {
        text += part
        length += part.unicodeScalars.count
    }
}
