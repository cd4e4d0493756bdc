import CeleryProtocol
import Foundation

/// What commands print: lines and tables for people, JSON for programs.
enum Output {
    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// To standard error, for what is no result; whether anybody reads it is not our affair.
    static func aside(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    static func json(_ value: JSONValue) { line(value.text) }

    /// Columns as wide as their widest cell; numbers to the right.
    static func table(_ header: [String], _ rows: [[String]]) {
        for text in columns(header, rows) { line(text) }
        if rows.isEmpty { line("(nothing)") }
    }

    /// The lines of a table.
    static func columns(_ header: [String], _ rows: [[String]]) -> [String] {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([header] + rows).map { row in
            let cells = row.indices.map { column in
                let cell = row[column]
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                return Double(cell) == nil ? cell + blanks : blanks + cell
            }
            return cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }
}
