public import CeleryProtocol

/// Which queue a task goes to when neither the call nor the task names one; Celery's `task_routes`.
///
/// ```swift
/// let queue = TaskQueue(url, routes: ["reports.*": "slow", "reports.daily": "celery"])
/// ```
///
/// A name that is written out wins over patterns, of those that fit the longest. In patterns `*` stands for any text,
/// `?` for one character, `[a-z]` for one of these.
public struct TaskRoutes: Sendable, ExpressibleByDictionaryLiteral {
    private let exact: [String: QueueName]
    private let patterns: [(pattern: GlobPattern, queue: QueueName)]

    /// Routes from names and patterns to queues.
    public init(_ routes: [String: QueueName] = [:]) {
        exact = routes
        patterns = routes.filter { $0.key.contains { "*?[".contains($0) } }
            .sorted { ($0.key.count, $0.key) > ($1.key.count, $1.key) }
            .map { (GlobPattern($0.key), $0.value) }
    }

    /// Routes from names and patterns to queues.
    public init(dictionaryLiteral elements: (String, QueueName)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
    }

    /// The queue of a task; nil when no route fits.
    public func queue(for task: String) -> QueueName? {
        exact[task] ?? patterns.first { $0.pattern.matches(task) }?.queue
    }
}
