import CeleryProtocol
import Foundation

// How providers write facts about films and series: numbers as texts, texts as lists of them, nothing as "", 0, null,
// [] or not at all.

extension JSONObject {
    /// The first of these that holds something, as text; of a list its first element that does.
    func text(_ names: String...) -> String? {
        for name in names { if let text = self[name].flatMap(Self.text) { return text } }
        return nil
    }

    private static func text(_ value: JSONValue) -> String? {
        if let list = value.array { return list.lazy.compactMap(text).first }
        return XtreamStream.text(value)?.trimmed.nonEmpty
    }

    /// The number that a film data bank has for it; some providers write 0 for none.
    func identifier(_ names: String...) -> String? {
        for name in names {
            if let text = text(name), text != "0" { return text.cut(to: 50) }
        }
        return nil
    }

    /// A rating as Python writes a number: `7.5`, `8.0`; nil for anything else.
    func rating(_ names: String...) -> String? {
        for name in names {
            guard let text = text(name) else { continue }
            guard let number = Double(text.replacing(",", with: ".")), number.isFinite, number != 0 else { return nil }
            let written = "\(number)"
            return written.utf8.count <= 10 ? written : nil
        }
        return nil
    }

    /// Names, however they are listed: `"A, B"` or `["A", "B"]`.
    func names(_ name: String) -> String? {
        guard let list = self[name]?.array else { return text(name) }
        return list.compactMap { XtreamStream.text($0)?.trimmed.nonEmpty }.joined(separator: ", ").nonEmpty
    }

    /// Seconds: `duration_secs`, or `duration` as minutes, `mm:ss` or `hh:mm:ss`.
    var duration: Int? {
        if let seconds = self["duration_secs"].flatMap(XtreamStream.number), seconds > 0 { return seconds }
        guard let text = text("duration") else { return nil }
        if let minutes = Int(text) { return minutes > 0 && minutes < 1_000_000 ? minutes * 60 : nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2 || parts.count == 3 else { return nil }
        return parts.reduce(0) { sum, part in
            guard let sum, let part, (0..<100_000).contains(part) else { return nil }
            return sum * 60 + part
        }
    }

    /// The year of `year`, of a release date, or of the title: `Name (1999)`, `Name - 1999`, `Name 1999`.
    func year(titled title: String?) -> Int? {
        if let year = self["year"].flatMap(XtreamStream.number), Self.years.contains(year) { return year }
        for name in ["releaseDate", "release_date"] {
            if let year = text(name).flatMap(LibraryTitle.leadingYear), Self.years.contains(year) { return year }
        }
        guard let title else { return nil }
        for pattern in [#/\((\d{4})\)/#, #/\s-\s(\d{4})/#, #/\s(\d{4})$/#] {
            if let found = title.firstMatch(of: pattern), let year = Int(found.output.1), Self.years.contains(year) {
                return year
            }
        }
        return nil
    }

    /// From the first films to what is announced.
    private static let years = 1900...2040

    /// The day of a date, `2024-03-01`, of the first of these that holds one.
    func day(_ names: String...) -> String? {
        for name in names {
            guard let text = text(name), let found = text.prefixMatch(of: #/(\d{4})-(\d{2})-(\d{2})/#) else { continue }
            guard let year = Int(found.output.1), let month = Int(found.output.2), let day = Int(found.output.3),
                year > 0, (1...12).contains(month), (1...Self.daysIn(month, of: year)).contains(day)
            else { continue }
            return String(found.output.0)
        }
        return nil
    }

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// An object, where some servers write it as the only element of a list.
    func member(_ name: String) -> JSONObject? { self[name]?.object ?? self[name]?.array?.first?.object }

    /// Without members that hold nothing, and with texts where some servers write lists of them.
    var withoutBlanks: JSONObject {
        var kept = JSONObject()
        for (key, value) in self {
            switch key {
            case "youtube_trailer", "director": kept.set(key, text(key))
            case "actors", "cast": kept.set(key, names(key))
            case "backdrop_path": if let text = text(key) { kept[key] = [.string(text)] }
            default: if !value.isBlank { kept[key] = value }
            }
        }
        return kept
    }

    mutating func set(_ key: String, _ text: String?) {
        if let text { self[key] = .string(text) }
    }
}

extension JSONValue {
    /// Whether it holds nothing: null, `""`, or a list of nothing else.
    var isBlank: Bool {
        if let list = array { return list.allSatisfy(\.isBlank) }
        return isNull || string == ""
    }
}
