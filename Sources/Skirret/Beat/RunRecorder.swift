import Foundation
import Logging
import Synchronization

/// Tells a store what fired, beside the loop that fires: a database that is locked must not make schedules late.
///
/// Several firings of one schedule become one note. What is not noted when a beat dies is lost to people who look at
/// `last_run_at`, not to the schedules: Redis remembers what fired.
final class RunRecorder: Sendable {
    private let store: any ScheduleStore
    private let logger: Logger
    private let pending = Mutex<[String: ScheduleRun]>([:])
    private let bell = Doorbell()

    init(store: any ScheduleStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    func add(_ run: ScheduleRun) {
        merge([run])
        bell.ring()
    }

    /// Records until cancelled.
    func run() async {
        while !Task.isCancelled {
            if await !flush() {
                do { try await ContinuousClock().sleep(for: .seconds(1)) } catch { return }
            } else {
                do { try await bell.wait(atMost: .seconds(60)) } catch { return }
            }
        }
    }

    /// Records what is left, if the store takes it in time.
    func finish(within patience: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await self.flush() }
            group.addTask {
                // Woken early only by the flush being done.
                try? await ContinuousClock().sleep(for: patience)
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// False when the store did not take it.
    private func flush() async -> Bool {
        let runs = pending.withLock { pending in
            defer { pending = [:] }
            return Array(pending.values)
        }
        guard !runs.isEmpty else { return true }
        do {
            try await store.record(runs)
            return true
        } catch {
            merge(runs)
            if !Task.isCancelled {
                logger.warning("firings are not noted yet; trying again", metadata: ["error": "\(error)"])
            }
            return false
        }
    }

    private func merge(_ runs: [ScheduleRun]) {
        pending.withLock { pending in
            for run in runs {
                guard var known = pending[run.name] else {
                    pending[run.name] = run
                    continue
                }
                known.lastRun = max(known.lastRun, run.lastRun)
                known.count += run.count
                known.isOver = known.isOver || run.isOver
                pending[run.name] = known
            }
        }
    }
}
