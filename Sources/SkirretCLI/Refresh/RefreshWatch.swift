import CeleryProtocol
import Foundation
import Skirret

/// Follows refreshes that are under way until each is over.
struct RefreshWatch {
    /// How one ended.
    struct End {
        let source: SourceRow
        let task: TaskID
        let isSuccess: Bool
        let seconds: Double
        let message: String
    }

    let queue: TaskQueue
    let book: SourceBook
    let limit: Duration

    private static let pulse = Duration.milliseconds(250)
    /// After this long without a sign, somebody should look whether a worker runs.
    private static let patience = Duration.seconds(10)

    /// Waits for all of them, showing the one that is under way.
    ///
    /// - Throws: `RefreshTimeout` when the time is over; the refreshes go on.
    func follow(_ started: [(source: SourceRow, task: TaskID)]) async throws -> [End] {
        let clock = ContinuousClock()
        let began = clock.now
        var open = started
        var ends: [End] = []
        var line = ProgressLine()
        var heard = false
        var hasHinted = false
        while let current = open.first {
            for (source, task) in open {
                guard let result = try await queue.storedResult(of: task) else { continue }
                heard = true
                guard result.state.isReady else { continue }
                open.removeAll { $0.source.id == source.id }
                if let running = Self.other(result) {
                    // Somebody else has begun it before us: its end is ours.
                    open.append((source, running))
                } else {
                    ends.append(try await end(source, task, result, began.duration(to: clock.now)))
                }
            }
            let told = try await queue.progress(of: current.task)
            heard = heard || told != nil
            line.show(
                current.source.name, percent: told.map { $0["percent"]?.double ?? 0 },
                told?["message"]?.string ?? "waiting for a worker")
            let waited = began.duration(to: clock.now)
            if !heard, !hasHinted, waited > Self.patience {
                hasHinted = true
                line.clear()
                Output.aside(
                    "No worker has taken it yet. Does 'skirret worker' or 'skirret serve' run with this database?")
            }
            guard waited < limit else {
                line.clear()
                throw RefreshTimeout(names: open.map(\.source.name), limit: limit)
            }
            if !open.isEmpty { try await clock.sleep(for: Self.pulse) }
        }
        line.clear()
        return ends
    }

    private func end(
        _ source: SourceRow, _ task: TaskID, _ result: TaskResult, _ took: Duration
    ) async throws -> End {
        let failure = result.failure
        let row = try await book.reread(source.id)
        let reason = failure.map { $0.excMessage.map { $0.string ?? $0.text }.joined(separator: ", ") }
        return End(
            source: source, task: task, isSuccess: failure == nil && row?.status == "success",
            seconds: took / .seconds(1), message: reason ?? row?.message ?? "the source is gone")
    }

    /// The task that runs instead, from the answer that a second request gets.
    private static func other(_ result: TaskResult) -> TaskID? {
        guard let text = result.result.string, text.hasPrefix("Task already running"),
            let name = text.split(separator: " ").last
        else { return nil }
        return TaskID(rawValue: name.hasSuffix(".") ? String(name.dropLast()) : String(name))
    }
}

/// Refreshes that were not over in time.
struct RefreshTimeout: Error, CustomStringConvertible {
    let names: [String]
    let limit: Duration

    var description: String {
        "Not over after \(Int(limit / .seconds(1))) s: \(names.joined(separator: ", ")). "
            + "They go on; a longer --timeout waits longer."
    }
}
