import HTTPTypes
import Synchronization

/// How often one credential may change something.
struct ChangeRate: Sendable {
    /// At once.
    var burst: Int
    /// In the long run.
    var perSecond: Double

    var budget: RequestBudget { RequestBudget(burst: burst, perSecond: perSecond) }
}

/// So many at once, and so many a second in the long run, for each caller by itself.
final class RequestBudget: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    /// Callers remembered.
    ///
    /// Beyond it the full buckets are forgotten, which changes nothing for their owners.
    private static let mostCallers = 10_000

    private let burst: Double
    private let perSecond: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    init(burst: Int, perSecond: Double) {
        self.burst = Double(burst)
        self.perSecond = perSecond
    }

    /// Takes one from the caller's share.
    ///
    /// - Throws: 429 with the seconds until there is one again.
    func spend(_ caller: String, now: ContinuousClock.Instant = .now) throws(APIError) {
        let wait = buckets.withLock { buckets -> Double? in
            if buckets.count >= Self.mostCallers { buckets = buckets.filter { refilled($0.value, now).tokens < burst } }
            var bucket = refilled(buckets[caller] ?? Bucket(tokens: burst, at: now), now)
            defer { buckets[caller] = bucket }
            guard bucket.tokens < 1 else {
                bucket.tokens -= 1
                return nil
            }
            return (1 - bucket.tokens) / perSecond
        }
        guard let wait else { return }
        throw APIError(
            .tooManyRequests, code: "too_many_requests", "Too many requests.",
            hint: "Try again after the seconds in Retry-After.",
            headers: [.retryAfter: String(max(1, Int(wait.rounded(.up))))])
    }

    private func refilled(_ bucket: Bucket, _ now: ContinuousClock.Instant) -> Bucket {
        let seconds = Double((now - bucket.at) / .milliseconds(1)) / 1000
        return Bucket(tokens: min(burst, bucket.tokens + max(0, seconds) * perSecond), at: now)
    }
}
