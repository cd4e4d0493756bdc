import Catalog
import CeleryProtocol
import Foundation

/// What one setting may be.
struct SettingsRule: Sendable {
    /// Completes "expected …".
    let expected: String
    let accepts: @Sendable (JSONValue) -> Bool

    init(_ expected: String, accepts: @escaping @Sendable (JSONValue) -> Bool) {
        self.expected = expected
        self.accepts = accepts
    }

    /// Only JSON's own: to Python code the text "false" is true.
    static let flag = SettingsRule("true or false") { $0.bool != nil }
    /// The identifier of another row, as a number or as the text that forms make of it; null for none.
    static let reference = SettingsRule("the identifier of a row, or null") { value in
        value.isNull || value.string == "" || (value.int ?? value.string.flatMap(Int.init)).map { $0 > 0 } ?? false
    }
    static let timeZone = SettingsRule("the name of a time zone, such as Europe/Berlin") { value in
        value.string.map { !$0.isEmpty && TimeZone(identifier: $0) != nil } ?? false
    }
    static let hashKeys = SettingsRule("a comma list of at least one of name, url, tvg_id, m3u_id, group") { value in
        let known: Set = ["name", "url", "tvg_id", "m3u_id", "group"]
        let names = value.string?.split(separator: ",").map(\.trimmingBlanks) ?? []
        return !names.isEmpty && names.allSatisfy { known.contains(String($0)) }
    }
    static let time = SettingsRule("a time of the day, such as 03:00") { value in
        let parts = value.string?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1])
        else { return false }
        return 0...23 ~= hour && 0...59 ~= minute
    }
    static let crontab = SettingsRule("five fields of a crontab, such as 0 3 * * *, or nothing") { value in
        guard let text = value.string else { return false }
        // try?: what is wrong with it is what this rule says.
        return text.isEmpty || (try? CronExpression(parsing: text)) != nil
    }
    /// Networks that may come in; nobody is turned away by an empty list.
    static let networks = SettingsRule("networks such as 192.168.0.0/16, with commas between them") { value in
        let networks = value.string?.split(separator: ",", omittingEmptySubsequences: true) ?? []
        return value.string != nil && networks.allSatisfy { NetworkRange(String($0.trimmingBlanks)) != nil }
    }

    static func integer(_ range: ClosedRange<Int>) -> SettingsRule {
        SettingsRule("a whole number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.int.map(range.contains) ?? false
        }
    }

    static func number(_ range: ClosedRange<Double>) -> SettingsRule {
        SettingsRule("a number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.bool == nil && value.double.map(range.contains) ?? false
        }
    }

    static func choice(_ words: [String]) -> SettingsRule {
        SettingsRule("one of \(words.joined(separator: ", "))") { $0.string.map(words.contains) ?? false }
    }

    static func text(atMost characters: Int, atLeast least: Int = 0) -> SettingsRule {
        SettingsRule("text of \(least) to \(characters) characters") { value in
            value.string.map { least...characters ~= $0.unicodeScalars.count && !$0.contains("\0") } ?? false
        }
    }

    static func optional(_ rule: SettingsRule) -> SettingsRule {
        SettingsRule("\(rule.expected), or null") { $0.isNull || rule.accepts($0) }
    }

    static func list(of rule: SettingsRule, atMost count: Int) -> SettingsRule {
        SettingsRule("a list of at most \(count), each \(rule.expected)") { value in
            value.array.map { $0.count <= count && $0.allSatisfy(rule.accepts) } ?? false
        }
    }
}
