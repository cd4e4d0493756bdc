/// The tasks a worker knows.
public struct TaskRegistry: Sendable {
    private var tasks: [String: RegisteredTask]
    private let elsewhere: @Sendable (String) -> RegisteredTask?

    /// Collects tasks.
    ///
    /// - Parameters:
    ///   - tasks: Those that are known by name. Of two with one name the later counts.
    ///   - elsewhere: Asked for every other name, for tasks that come and go while the worker runs.
    public init(_ tasks: [RegisteredTask], elsewhere: @escaping @Sendable (String) -> RegisteredTask? = { _ in nil }) {
        self.tasks = Dictionary(tasks.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        self.elsewhere = elsewhere
    }

    /// The names that are known now, sorted; those from elsewhere and Celery's built-in ones are not among them.
    public var names: [String] { tasks.keys.sorted() }

    subscript(name: String) -> RegisteredTask? {
        tasks[name] ?? BuiltInTasks.task(named: name, in: self) ?? elsewhere(name)
    }
}
