import Catalog
import CeleryProtocol
import Foundation
package import PluginRuntime
import Skirret

extension Ledger {
    /// Accepts a task that a plugin's code has sent, with the bytes that its Celery has made.
    ///
    /// An id that is known and not over is the same task, sent twice. One that is over is to run again: some plugins name
    /// their tasks themselves.
    ///
    /// - Throws: `WireError` when no worker could read the message, `CatalogError` `ledgerFull`, a `DatabaseError` when
    ///   the disk did not take it. Redis may be away: it is told later.
    package func accept(_ order: PluginTaskOrder, of plugin: PluginIdentity) async throws {
        let message = try TaskMessage(decoding: order.message)
        let accepted = AcceptedMessage(
            id: message.headers.id, queue: order.queue, priority: message.properties.priority,
            due: message.headers.eta, message: order.message)
        if order.step != .send { try await record(message, accepted, of: plugin) }
        switch order.step {
        case .accept: await push(accepted)
        case .send: try await queue.push(accepted: [accepted])
        case .record: break
        }
    }

    private func record(_ message: TaskMessage, _ accepted: AcceptedMessage, of plugin: PluginIdentity) async throws {
        var draft = LedgerDraft(
            id: accepted.id, name: message.headers.task, queue: accepted.queue, args: message.body.args,
            kwargs: message.body.kwargs, message: accepted.message)
        draft.priority = accepted.priority
        draft.plugin = plugin.key
        draft.origin = "plugin \(plugin.key)"
        draft.due = accepted.due
        switch try await commit(draft) {
        case .accepted: break
        case .refused(let error): throw error
        case .known(let id, let state):
            guard try await isOver(id, state) else { return }
            // The end it had would be taken for the end it is about to have.
            try await queue.forget(id)
            try await queue.forget(accepted: [id])
            var row = LedgerReopening(id: id, message: accepted.message)
            (row.name, row.queue, row.args, row.kwargs) = (draft.name, draft.queue, draft.args, draft.kwargs)
            try await table.reopen([row])
        }
    }

    /// Whether a task is over; its row may not say so yet.
    private func isOver(_ id: TaskID, _ state: LedgerState?) async throws -> Bool {
        if state?.isFinal ?? false { return true }
        guard let result = try await queue.peek([id]).first ?? nil, result.isFinal else { return false }
        try await table.note([LedgerNews(id, result)])
        return true
    }
}
