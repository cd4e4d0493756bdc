import CeleryProtocol
import Foundation

/// What commands print: lines and tables for people, JSON for programs.
enum Output {
    static func line(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    static func json(_ value: JSONValue) { line(value.text) }

    /// Columns as wide as their widest cell; numbers to the right.
    static func table(_ header: [String], _ rows: [[String]]) {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        for row in [header] + rows {
            let cells = row.indices.map { column in
                let cell = row[column]
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                return Double(cell) == nil ? cell + blanks : blanks + cell
            }
            line(cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
        }
        if rows.isEmpty { line("(nothing)") }
    }
}
