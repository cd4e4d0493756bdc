/// How a queue is spread over Redis lists, one for each priority step.
///
///     priority 0 1 2 ─▶ celery          step 0: served first
///     priority 3 4 5 ─▶ celery␆␖3
///     priority 6 7 8 ─▶ celery␆␖6
///     priority 9     ─▶ celery␆␖9       served last
///
/// Both sides of a queue must agree on it: kombu's `priority_steps`, `sep` and `global_keyprefix`.
public struct QueueLists: Sendable, Hashable {
    /// kombu's `sep`: ACK and SYN.
    public static let standardSeparator = "\u{06}\u{16}"

    /// The priorities that have a list of their own, ascending.
    public let steps: [Int]
    /// What stands between a queue's name and its step.
    public let separator: String
    /// What stands in front of every key.
    public let keyPrefix: String

    /// Lists as a deployment has set them; kombu's defaults when not said.
    public init(
        steps: [Int] = [0, 3, 6, 9], separator: String = QueueLists.standardSeparator, keyPrefix: String = ""
    ) {
        let sorted = Set(steps).sorted()
        self.steps = sorted.isEmpty ? [0] : sorted
        self.separator = separator
        self.keyPrefix = keyPrefix
    }

    /// kombu's defaults.
    public static let standard = QueueLists()

    /// The step of a priority: clamped to 0...9, rounded down.
    ///
    /// No priority counts as 0.
    public func step(for priority: Int?) -> Int {
        let clamped = min(max(priority ?? 0, 0), 9)
        return steps.last { $0 <= clamped } ?? steps[0]
    }

    /// The list of a queue at one step.
    public func key(_ queue: QueueName, step: Int) -> String {
        keyPrefix + queue.rawValue + (step == 0 ? "" : separator + String(step))
    }

    /// The list that a message of this priority is pushed to.
    public func key(_ queue: QueueName, priority: Int?) -> String { key(queue, step: step(for: priority)) }

    /// The queue that a list belongs to.
    public func queue(ofKey key: String) -> QueueName {
        let name = key.hasPrefix(keyPrefix) ? key.dropFirst(keyPrefix.count) : key[...]
        let parts = name.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count > 1, let step = parts.last.flatMap({ Int($0) }), steps.contains(step) else {
            return QueueName(rawValue: String(name))
        }
        return QueueName(rawValue: parts.dropLast().joined(separator: separator))
    }

    /// All lists of a queue, the most urgent first.
    public func keys(_ queue: QueueName) -> [String] { steps.map { key(queue, step: $0) } }
}
