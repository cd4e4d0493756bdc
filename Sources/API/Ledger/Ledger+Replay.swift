import Catalog
package import Skirret

extension Ledger {
    /// Sends dead letters again, and opens the rows of those that the ledger knows, so that their new end is noted.
    ///
    /// A row stays as it was when this process dies in between; the task runs in any case.
    ///
    /// - Parameters:
    ///   - letters: Which ones.
    ///   - edit: What is to be different.
    ///   - spacing: How long after the one before it each is sent.
    /// - Returns: How many were sent; others were gone already.
    /// - Throws: As `TaskQueue.replay`.
    package func replay(
        _ letters: [DeadLetter], changing edit: DeadLetterEdit = .init(), spacing: Duration = .zero
    ) async throws -> Int {
        let known = try await table.closed(among: letters.compactMap(\.task))
        let rows = try letters.compactMap { letter -> LedgerReopening? in
            guard let id = letter.task, known.contains(id) else { return nil }
            var row = LedgerReopening(
                id: id, message: edit.isEmpty ? letter.message : try edit.applied(to: letter.message))
            (row.name, row.queue, row.args, row.kwargs) = (edit.name, edit.queue, edit.args, edit.kwargs)
            return row
        }
        // The end it had would be taken for the end it is about to have.
        if !known.isEmpty { try await queue.forget(Array(known)) }
        let sent = try await queue.replay(letters, changing: edit, spacing: spacing)
        // In this order: an open row that Redis is not said to have is sent by the keeper, a second time.
        try await queue.remember(accepted: Array(known))
        try await table.reopen(rows)
        return sent
    }
}
