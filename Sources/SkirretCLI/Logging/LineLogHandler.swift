import Foundation
import Logging

/// Writes one line a record to standard error: time, level, message, then `key=value` for the metadata.
///
/// Messages and values are escaped, so that no record can look like two or paint the terminal.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let label: String

    init(label: String, level: Logger.Level) {
        self.label = label
        self.logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "\(Date().formatted(Self.timeFormat)) \(event.level.rawValue.uppercased()) "
        line += Self.escaped(event.message.description)
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            let text = Self.escaped(value.description)
            line += " \(key)=" + (text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text)
        }
        line += "\n"
        // One write a record: lines of several processes on one terminal do not mix.
        // What nobody can read any more (a supervisor that died) is not worth failing for.
        line.withUTF8 { bytes in _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count) }
    }

    private static let timeFormat = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    /// Longer records are cut: a log is for reading.
    private static let longest = 4000

    private static func escaped(_ text: String) -> String {
        let isPlain = text.utf8.count <= longest && text.unicodeScalars.allSatisfy { isPrintable($0) && $0 != "\"" }
        if isPlain { return text }
        var result = ""
        for scalar in text.unicodeScalars.prefix(longest) {
            switch scalar {
            case "\n": result += "\\n"
            case "\"": result += "'"
            default: result += isPrintable(scalar) ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }

    /// Neither control characters nor those that turn the direction of writing.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
