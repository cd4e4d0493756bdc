import CeleryProtocol
import FoundationEssentials
import GRDB

// How a row's cells become values. GRDB's own `Date` and `UUID` conversions differ from Django's in the
// last digits, so dates, identifiers and JSON pass through here.

extension Row {
    /// A datetime column; nil for NULL and for text that is no time.
    func time(_ column: String) -> Date? {
        (self[column] as String?).flatMap(DjangoTime.date)
    }

    /// A JSON column that should hold an object; empty for NULL and for anything else.
    func object(_ column: String) -> JSONObject {
        json(column)?.object ?? JSONObject()
    }

    /// A JSON column; nil for NULL.
    ///
    /// The CHECK of the column keeps out what does not parse.
    func json(_ column: String) -> JSONValue? {
        guard let text = self[column] as String? else { return nil }
        return try? JSONValue(parsing: text)  // NULL and unreadable text mean the same to every caller: nothing there
    }
}

extension UUID {
    /// The text of a `char(32)` column: 32 hexadecimal digits, lower case, no dashes.
    var djangoText: String { uuidString.lowercased().filter { $0 != "-" } }
}

extension JSONObject {
    /// The object as Python's `json.dumps` separates it: `{"account_id": 7}`.
    ///
    /// Only for flat objects of numbers and plain names, as in the kwargs of schedules: plugins look those up as text.
    var pythonText: String {
        "{" + map { "\(JSONValue.string($0.key).text): \($0.value.text)" }.joined(separator: ", ") + "}"
    }
}

extension UUID {
    /// From the text of a `char(32)` column; nil for anything else.
    init?(djangoText text: String) {
        guard text.utf8.count == 32 else { return nil }
        var dashed = ""
        for (index, character) in text.enumerated() {
            if [8, 12, 16, 20].contains(index) { dashed.append("-") }
            dashed.append(character)
        }
        self.init(uuidString: dashed)
    }
}
