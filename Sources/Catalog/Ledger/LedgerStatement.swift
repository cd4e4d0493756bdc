import GRDB

/// A query for a page as SQL that never reads a row of the table only to pass it over, as far as indexes can tell.
struct LedgerStatement {
    private(set) var sql = ""
    private(set) var arguments = StatementArguments()

    private let query: LedgerQuery
    private let limit: Int
    /// Columns that are filtered by; the one that most likely means the fewest rows first.
    private let wanted: [(column: String, value: String)]
    private let bounds: (lowest: Int?, highest: Int?)

    /// - Parameters:
    ///   - query: What is wanted.
    ///   - bounds: The first and last row within the query's times.
    ///   - isStateRare: Whether few rows are in the query's state.
    init(_ query: LedgerQuery, _ bounds: (lowest: Int?, highest: Int?), isStateRare: Bool) {
        self.query = query
        limit = min(max(query.limit, 1), 200)
        let columns = [
            ("schedule", query.schedule), ("plugin", query.plugin), ("name", query.name), ("queue", query.queue),
        ]
        wanted = columns.compactMap { column, value in value.map { (column: column, value: $0) } }
        self.bounds = (bounds.lowest, [bounds.highest, query.before.map { $0 - 1 }].compactMap { $0 }.min())
        if query.text != nil, !isStateRare {
            byLetters()
        } else if wanted.isEmpty, query.state == nil {
            newest()
        } else {
            byIndex()
        }
    }

    private mutating func newest() {
        var condition = Condition()
        bound(&condition, "\"seq\"")
        sql = """
            SELECT \(LedgerEntry.listed) FROM "ledger" WHERE \(condition.sql) ORDER BY "seq" DESC LIMIT \(limit)
            """
        arguments = condition.values
    }

    /// One short walk for each state along the index of one column; the other columns are asked in theirs.
    private mutating func byIndex() {
        let driver = wanted.first
        let index = driver?.column ?? "state"
        var parts: [String] = []
        for state in query.state.map({ [$0] }) ?? LedgerState.allCases {
            var condition = Condition()
            condition.add("row.\"state\" = \(state.rawValue)")
            if let driver { condition.add("row.\"\(driver.column)\" = ?", driver.value) }
            bound(&condition, "row.\"seq\"")
            for (column, value) in wanted.dropFirst() {
                condition.add(
                    """
                    EXISTS (SELECT 1 FROM "ledger" AS other INDEXED BY "ledger_\(column)" WHERE other."\(column)" = ?
                        AND other."state" = \(state.rawValue) AND other."seq" = row."seq")
                    """, value)
            }
            if let text = query.text { condition.add("instr(lower(row.\"words\"), lower(?)) > 0", text) }
            parts.append(
                """
                SELECT * FROM (SELECT row."seq" FROM "ledger" AS row INDEXED BY "ledger_\(index)"
                    WHERE \(condition.sql) ORDER BY row."seq" DESC LIMIT \(limit))
                """)
            arguments += condition.values
        }
        sql = """
            SELECT \(LedgerEntry.listed) FROM "ledger" WHERE "seq" IN (
                SELECT "seq" FROM (\(parts.joined(separator: " UNION ALL "))) ORDER BY "seq" DESC LIMIT \(limit)
            ) ORDER BY "seq" DESC
            """
    }

    /// The letters narrow the walk, and the text itself decides; FTS5 reads its rows backwards without sorting.
    private mutating func byLetters() {
        let text = query.text ?? ""
        var condition = Condition()
        condition.add("\"ledger_words\" MATCH ?", Self.letters(text))
        bound(&condition, "\"ledger_words\".\"rowid\"")
        if let state = query.state {
            condition.add(
                """
                EXISTS (SELECT 1 FROM "ledger" AS other INDEXED BY "ledger_state"
                    WHERE other."state" = \(state.rawValue) AND other."seq" = "ledger_words"."rowid")
                """)
        }
        for (column, value) in wanted { condition.add("\"ledger\".\"\(column)\" = ?", value) }
        condition.add("instr(lower(\"ledger\".\"words\"), lower(?)) > 0", text)
        sql = """
            SELECT \(LedgerEntry.listed) FROM "ledger_words"
            CROSS JOIN "ledger" ON "ledger"."seq" = "ledger_words"."rowid"
            WHERE \(condition.sql) ORDER BY "ledger_words"."rowid" DESC LIMIT \(limit)
            """
        arguments = condition.values
    }

    private func bound(_ condition: inout Condition, _ seq: String) {
        if let lowest = bounds.lowest { condition.add("\(seq) >= ?", lowest) }
        if let highest = bounds.highest { condition.add("\(seq) <= ?", highest) }
    }

    /// Conditions that all hold, and their values in order.
    private struct Condition {
        private var parts: [String] = []
        private(set) var values = StatementArguments()
        var sql: String { parts.isEmpty ? "1" : parts.joined(separator: " AND ") }

        mutating func add(_ sql: String, _ value: (any DatabaseValueConvertible)? = nil) {
            parts.append(sql)
            if let value { values += [value] }
        }
    }

    /// Every three letters in a row, at most twelve of them, as FTS5 wants them: all must be there.
    private static func letters(_ text: String) -> String {
        let letters = Array(text.unicodeScalars)
        return (0...max(letters.count - 3, 0)).prefix(12).map { start in
            var part = String.UnicodeScalarView()
            part.append(contentsOf: letters[start..<min(start + 3, letters.count)])
            return "\"" + String(part).replacing("\"", with: "\"\"") + "\""
        }.joined(separator: " ")
    }
}
