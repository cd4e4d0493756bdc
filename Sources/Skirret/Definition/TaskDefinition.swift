public import CeleryProtocol

/// A task: its name on the wire, its parameters, its body, and everything that belongs to it.
///
/// ```swift
/// let add = TaskDefinition("samples.add") { (x: Int, y: Int) in x + y }
///
/// let five = try await add.delay(2, 3, on: queue).result(within: .seconds(10))
/// ```
///
/// Parameters are Celery's positional arguments. Give their names to accept keyword arguments
/// too; a parameter of an optional type may be left out.
public struct TaskDefinition<Output: Codable & Sendable, each Parameter: Codable & Sendable>: Sendable {
    /// The name under which workers know the task, such as `samples.add`.
    public let name: String
    /// The parameters' names, in order; empty when only positional arguments are taken.
    public let parameters: [String]
    /// What belongs to the task wherever it is called from.
    public let options: TaskOptions

    // `@concurrent` on purpose: bodies run where the worker puts them, never on the actor that declared them.
    let body: @Sendable @concurrent (TaskContext, repeat each Parameter) async throws -> Output

    /// Declares a task whose body needs its arguments only.
    ///
    /// - Parameters:
    ///   - name: The name under which workers know the task.
    ///   - parameters: The parameters' names, in order, for callers that use keyword arguments.
    ///   - options: What belongs to the task wherever it is called from.
    ///   - body: What the task does. Runs on the cooperative pool: long computations belong elsewhere.
    public init(
        _ name: String, parameters: [String] = [], options: TaskOptions = .init(),
        body: @escaping @Sendable @concurrent (repeat each Parameter) async throws -> Output
    ) {
        self.init(name, parameters: parameters, options: options) {
            (_: TaskContext, argument: repeat each Parameter) in
            try await body(repeat each argument)
        }
    }

    /// Declares a task whose body wants to know about its own run.
    ///
    /// - Parameters:
    ///   - name: The name under which workers know the task.
    ///   - parameters: The parameters' names, in order, for callers that use keyword arguments.
    ///   - options: What belongs to the task wherever it is called from.
    ///   - body: What the task does, given its context and its arguments.
    public init(
        _ name: String, parameters: [String] = [], options: TaskOptions = .init(),
        body: @escaping @Sendable @concurrent (TaskContext, repeat each Parameter) async throws -> Output
    ) {
        self.name = name
        self.parameters = parameters
        self.options = options
        self.body = body
    }

    /// The task as a worker runs it: JSON in, JSON out.
    public var registered: RegisteredTask {
        RegisteredTask(name: name, options: options) { context, args, kwargs in
            let values = try arguments(args, kwargs)
            return try JSONValue(encoding: try await body(context, repeat each values))
        }
    }

    private func arguments(_ args: [JSONValue], _ kwargs: JSONObject) throws -> (repeat each Parameter) {
        var reader = ArgumentReader(task: name, parameters: parameters, args: args, kwargs: kwargs)
        let values = (repeat try reader.next((each Parameter).self))
        try reader.finish()
        return values
    }

    func encode(_ values: repeat each Parameter) throws -> [JSONValue] {
        var encoded: [JSONValue] = []
        repeat encoded.append(try JSONValue(encoding: each values, foreign: .kombu))
        return encoded
    }
}

/// A task as a worker knows it: its name, its options, and a body that takes and gives JSON.
public struct RegisteredTask: Sendable {
    /// The body: positional arguments, keyword arguments, and the run's context.
    public typealias Body =
        @Sendable (_ context: TaskContext, _ args: [JSONValue], _ kwargs: JSONObject) async throws -> JSONValue

    /// The name under which workers know the task.
    public var name: String { parts.name }
    /// What belongs to the task wherever it is called from.
    public var options: TaskOptions { parts.options }
    var body: Body { parts.body }

    /// In one place: a task is handed on several times for each run, and options consist of many parts.
    private final class Parts: Sendable {
        let name: String
        let options: TaskOptions
        let body: Body

        init(name: String, options: TaskOptions, body: @escaping Body) {
            self.name = name
            self.options = options
            self.body = body
        }
    }

    private let parts: Parts

    /// Declares a task whose arguments are not known beforehand.
    ///
    /// - Parameters:
    ///   - name: The name under which workers know the task.
    ///   - options: What belongs to the task wherever it is called from.
    ///   - body: What the task does.
    public init(name: String, options: TaskOptions = .init(), body: @escaping Body) {
        parts = Parts(name: name, options: options, body: body)
    }

    /// The same task with something around its body: a measurement, another word for an error.
    public func wrapped(
        _ wrapper:
            @escaping @Sendable (_ context: TaskContext, _ body: () async throws -> JSONValue) async throws -> JSONValue
    ) -> RegisteredTask {
        RegisteredTask(name: name, options: options) { [body] context, args, kwargs in
            try await wrapper(context) { try await body(context, args, kwargs) }
        }
    }

    /// Runs the body; what it sends meanwhile becomes the running task's children.
    func run(_ arguments: TaskBody, _ context: TaskContext, as running: RunningTask) async throws -> JSONValue {
        try await RunningTask.$current.withValue(running) {
            try await body(context, arguments.args, arguments.kwargs)
        }
    }
}
