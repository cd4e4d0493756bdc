import CeleryProtocol

/// The tasks that Celery's clients expect every worker to have.
enum BuiltInTasks {
    /// A built-in task; nil for any other name.
    static func task(named name: String, in registry: TaskRegistry) -> RegisteredTask? {
        switch name {
        case "celery.map": each(name, registry) { [$0] }
        case "celery.starmap": each(name, registry) { $0.array ?? [$0] }
        case "celery.accumulate": RegisteredTask(name: name) { _, args, kwargs in try accumulate(args, kwargs) }
        case "celery.chunks", "celery.group", "celery.chord":
            RegisteredTask(name: name) { context, args, kwargs in try await start(name, args, kwargs, context) }
        case "celery.chain":
            RegisteredTask(name: name) { _, _, _ in
                throw TaskFailure.builtin("NotImplementedError", "chain is not a real task")
            }
        // Redis lets results expire by itself.
        case "celery.backend_cleanup": RegisteredTask(name: name) { _, _, _ in .null }
        default: nil
        }
    }

    /// Calls a task of this worker for each item in turn, in the same run.
    private static func each(
        _ name: String, _ registry: TaskRegistry, _ args: @escaping @Sendable (JSONValue) -> [JSONValue]
    ) -> RegisteredTask {
        RegisteredTask(name: name) { context, given, kwargs in
            let signature = try Signature(json: argument("task", 0, given, kwargs))
            guard let items = argument("it", 1, given, kwargs).array else {
                throw TaskFailure.builtin("TypeError", "\(name)() argument 'it': expected a list")
            }
            guard let task = registry[signature.task] else { throw TaskFailure.notRegistered(signature.task) }
            var results: [JSONValue] = []
            for item in items {
                try Task.checkCancellation()
                results.append(try await task.body(context, args(item), [:]))
            }
            return .array(results)
        }
    }

    private static func argument(
        _ name: String, _ position: Int, _ args: [JSONValue], _ kwargs: JSONObject
    ) -> JSONValue {
        position < args.count ? args[position] : kwargs[name] ?? .null
    }

    /// Gives its arguments back, or one of them: the body of a chord that stands for a group.
    private static func accumulate(_ args: [JSONValue], _ kwargs: JSONObject) throws -> JSONValue {
        guard let index = kwargs["index"]?.int else { return .array(args) }
        guard args.indices.contains(index) else {
            throw TaskFailure.builtin("IndexError", "celery.accumulate() has no argument \(index), got \(args.count)")
        }
        return args[index]
    }

    /// Starts a canvas that was sent as a task, as old clients do it; gives where its result will be.
    private static func start(
        _ name: String, _ args: [JSONValue], _ kwargs: JSONObject, _ context: TaskContext
    ) async throws -> JSONValue {
        let names = [
            "celery.chunks": ["task", "it", "n"], "celery.group": ["tasks", "result", "group_id", "partial_args"],
        ]
        var fields: JSONObject = [:]
        for (position, parameter) in (names[name] ?? ["header", "body", "partial_args"]).enumerated() {
            fields[parameter] = argument(parameter, position, args, kwargs)
        }
        let canvas = Signature(
            task: name, args: fields["partial_args"]?.array ?? [], kwargs: fields,
            options: ["task_id": fields["group_id"] ?? .null], subtaskType: String(name.dropFirst("celery.".count)))
        return try await context.queue.send(canvas).json
    }
}
