import Synchronization

/// How often this worker starts the tasks whose rate is limited.
///
/// Celery's meaning: every worker by itself. One bucket for each task's name; what finds it empty is given the next
/// free moment, and waits for it in Redis, not here.
final class RateGate: Sendable {
    private struct Bucket {
        var limit: RateLimit
        /// When the next run may start.
        var next: ContinuousClock.Instant
        /// Up to when moments were given to messages that wait.
        var given: ContinuousClock.Instant
    }

    private let buckets = Mutex<[String: Bucket]>([:])
    /// What may start together: as much as the rate grants in this time, so that fast rates need no fast clock.
    private static let burst = Duration.milliseconds(50)

    /// Asks to start a run now.
    ///
    /// - Parameters:
    ///   - task: The task's name.
    ///   - limit: Its rate now; it may differ from the last call's.
    ///   - now: The time.
    /// - Returns: Nil when it may start, else how long it has to wait.
    func wait(_ task: String, _ limit: RateLimit, now: ContinuousClock.Instant = .now) -> Duration? {
        guard let interval = limit.interval else { return nil }
        return buckets.withLock { buckets in
            var bucket = buckets[task] ?? Bucket(limit: limit, next: now, given: now)
            if bucket.limit != limit {
                // A new rate counts from now on; what waits already keeps its moment.
                bucket = Bucket(limit: limit, next: min(bucket.next, now + interval), given: now)
            }
            defer { buckets[task] = bucket }
            if bucket.next <= now + max(.zero, Self.burst - interval) {
                bucket.next = max(bucket.next, now) + interval
                return nil
            }
            let moment = max(bucket.given, bucket.next)
            bucket.given = moment + interval
            return moment - now
        }
    }
}
