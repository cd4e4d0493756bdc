public import CeleryProtocol
import Foundation

/// So many runs in so much time: `RateLimit(10, per: .seconds(60))`.
public struct RateLimit: Sendable, Hashable {
    /// How many runs; may be a fraction.
    ///
    /// Zero means no limit, as in Celery.
    public var count: Double
    /// In which time.
    public var per: Duration

    /// A rate.
    ///
    /// - Parameters:
    ///   - count: How many runs. Zero, or less, means no limit.
    ///   - per: In which time; at least a microsecond.
    public init(_ count: Double, per: Duration) {
        self.count = max(0, count.isFinite ? count : 0)
        self.per = max(per, .microseconds(1))
    }

    /// Reads Celery's form: `10/s`, `10/m`, `10/h`, or a plain number, which is per second.
    ///
    /// Zero, in any of these forms, means no limit. Nil when the text is none of them.
    /// - SeeAlso: <https://docs.celeryq.dev/en/stable/userguide/tasks.html#Task.rate_limit>
    public init?(celery text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard (1...2).contains(parts.count), let count = Double(parts[0]), count.isFinite, count >= 0 else {
            return nil
        }
        switch parts.count == 1 ? "s" : parts[1].lowercased() {
        case "s": self.init(count, per: .seconds(1))
        case "m": self.init(count, per: .seconds(60))
        case "h": self.init(count, per: .seconds(3600))
        default: return nil
        }
    }

    /// Celery's form.
    ///
    /// A time other than a second, a minute or an hour is given as a number per second.
    public var celery: String {
        switch per {
        case .seconds(1): number + "/s"
        case .seconds(60): number + "/m"
        case .seconds(3600): number + "/h"
        default: (count / per.seconds).description
        }
    }

    private var number: String { Int(exactly: count).map(String.init) ?? count.description }

    /// The time from one run to the next; nil when there is no limit.
    package var interval: Duration? { count > 0 ? per / count : nil }
}

/// A limit that the whole fleet keeps together, by a key made of a call's arguments.
///
/// ```swift
/// let crawl = TaskDefinition("crawl.page", options: .init(limits: [
///     .concurrency(2) { args, _ in args.first?.string ?? "" },             // two at a time for each host
///     .rate(RateLimit(10, per: .seconds(1)), named: "proxy"),              // ten a second together
/// ])) { (host: String, path: String) in … }
/// ```
///
/// A call over a limit waits in Redis, in no worker's memory and in no slot, and runs in its turn as soon as a
/// holder ends or the rate frees. A holder that dies gives its place back with its lease.
public struct SharedLimit: Sendable {
    /// The key whose calls count together, made of a call's arguments.
    public typealias Key = @Sendable (_ args: [JSONValue], _ kwargs: JSONObject) -> String

    /// What is limited.
    public enum Kind: Sendable, Hashable {
        /// So many runs at the same time.
        case concurrency(Int)
        /// So many starts in so much time.
        case rate(RateLimit)
    }

    /// What is limited.
    public let kind: Kind
    /// Tasks that give one name share one limit; nil means the task's own.
    public let name: String?
    /// The key whose calls count together.
    public let key: Key

    /// So many runs at the same time, for each key.
    ///
    /// - Parameters:
    ///   - most: How many; at least one.
    ///   - name: Shared with other tasks that give the same name; the task's own name where nil.
    ///   - key: What is limited each by itself; everything together when left out.
    /// - Returns: The limit.
    public static func concurrency(
        _ most: Int, named name: String? = nil, by key: @escaping Key = { _, _ in "" }
    ) -> SharedLimit {
        SharedLimit(kind: .concurrency(max(1, most)), name: name, key: key)
    }

    /// So many starts in so much time, for each key.
    ///
    /// - Parameters:
    ///   - rate: How many in which time.
    ///   - name: Shared with other tasks that give the same name; the task's own name where nil.
    ///   - key: What is limited each by itself; everything together when left out.
    /// - Returns: The limit.
    public static func rate(
        _ rate: RateLimit, named name: String? = nil, by key: @escaping Key = { _, _ in "" }
    ) -> SharedLimit {
        SharedLimit(kind: .rate(rate), name: name, key: key)
    }
}
