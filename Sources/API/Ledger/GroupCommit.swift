import Synchronization

/// Does for many callers at once what costs nearly the same for one: they wait for each other's turn, not in line.
///
/// The first caller leads: it does the work for all that came meanwhile, then hands the lead to one of those who came
/// since. There is no loop of its own to start or to stop.
final class GroupCommit<Item: Sendable, Answer: Sendable>: Sendable {
    /// Answers in the order of the items.
    typealias Work = @Sendable @concurrent ([Item]) async throws -> [Answer]

    private enum Turn {
        case lead
        case done(Result<Answer, any Error>)
    }

    private struct Waiter {
        let item: Item
        let continuation: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var isLed = false
        var waiting: [Waiter] = []
    }

    /// How many a leader takes along: enough to share the cost of a disk's answer, few enough for a short transaction.
    private static var most: Int { 256 }

    private let state = Mutex(State())
    private let work: Work

    init(_ work: @escaping Work) { self.work = work }

    /// Has an item done, with others or alone.
    func submit(_ item: Item) async throws -> Answer {
        let turn: Turn = await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                if state.isLed {
                    state.waiting.append(Waiter(item: item, continuation: continuation))
                    return false
                }
                state.isLed = true
                return true
            }
            if leads { continuation.resume(returning: .lead) }
        }
        switch turn {
        case .done(let result): return try result.get()
        case .lead: return try await lead(with: item)
        }
    }

    private func lead(with item: Item) async throws -> Answer {
        let others = state.withLock { state in
            let taken = state.waiting.prefix(Self.most - 1)
            state.waiting.removeFirst(taken.count)
            return Array(taken)
        }
        let items = [item] + others.map(\.item)
        // A task of its own: when this caller goes away, the others' work must not go with it.
        let results = await Task { [work] in
            do {
                let answers = try await work(items)
                precondition(answers.count == items.count, "one answer for each item")
                return answers.map { Result<Answer, any Error>.success($0) }
            } catch {
                return items.map { _ in Result<Answer, any Error>.failure(error) }
            }
        }.value
        for (other, result) in zip(others, results.dropFirst()) { other.continuation.resume(returning: .done(result)) }
        handOver()
        return try results[0].get()
    }

    /// The next leader takes its own item along, like everybody's that came by then.
    private func handOver() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiting.isEmpty else {
                state.isLed = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume(returning: .lead)
    }
}
