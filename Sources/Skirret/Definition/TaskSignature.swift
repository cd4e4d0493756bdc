public import CeleryProtocol

/// What a canvas is built of: the signature of one task, or of a canvas in its turn.
public protocol CanvasPart: Sendable {
    /// The part as Celery writes it.
    var signature: Signature { get }
}

extension Signature: CanvasPart {
    /// Itself.
    public var signature: Signature { self }
}

/// A call that is made later, and what it will give: a task with its arguments, a chain, a chord.
///
/// ```swift
/// try await chain(add.s(2, 2), add.s(4)).delay(on: queue).result(within: .seconds(10))  // 8
/// ```
public struct TaskSignature<Output: Codable & Sendable>: CanvasPart {
    /// The call as Celery writes it.
    public var signature: Signature

    /// Declares what a signature, wherever it comes from, will give.
    public init(_ part: some CanvasPart, giving output: Output.Type = Output.self) { signature = part.signature }

    /// Enqueues the call.
    ///
    /// - Parameters:
    ///   - queue: The broker.
    ///   - options: How this call differs from what the signature says.
    /// - Returns: A handle on the result.
    /// - Throws: `RedisError` when the broker did not accept the message within two seconds.
    @discardableResult
    public func delay(on queue: TaskQueue, _ options: CallOption...) async throws -> TaskHandle<Output> {
        TaskHandle(try await queue.send(signature, options: CallOptions(options)), queue: queue)
    }
}

/// Calls that are made later, side by side.
public struct GroupSignature<Output: Codable & Sendable>: CanvasPart {
    /// The calls as Celery writes them.
    public var signature: Signature

    /// Enqueues the calls.
    ///
    /// - Parameters:
    ///   - queue: The broker.
    ///   - options: How these calls differ from what their signatures say.
    /// - Returns: A handle on the results.
    /// - Throws: `RedisError` when the broker did not accept the messages within two seconds.
    @discardableResult
    public func delay(on queue: TaskQueue, _ options: CallOption...) async throws -> GroupHandle<Output> {
        GroupHandle(try await queue.send(signature, options: CallOptions(options)), queue: queue)
    }
}

/// A part that can be given options, callbacks and stamps.
public protocol ChangeablePart: CanvasPart {
    /// The part as Celery writes it.
    var signature: Signature { get set }
}

extension TaskSignature: ChangeablePart {}
extension GroupSignature: ChangeablePart {}

extension ChangeablePart {
    private func changed(_ change: (Signature) -> Signature) -> Self {
        var copy = self
        copy.signature = change(signature)
        return copy
    }

    /// With options of its own; Celery's `set`.
    public func set(_ options: CallOption...) -> Self {
        let options = CallOptions(options)
        return changed { signature in
            var signature = signature.with(options: options.signatureOptions)
            for callback in options.link { signature = signature.linked(callback) }
            for errback in options.linkError { signature = signature.linkedError(errback) }
            return signature.stamped(unlessEmpty: options.stamps)
        }
    }

    /// With a callback, which gets the result in front of its arguments.
    ///
    /// Of a chain the last step calls it, of a chord the body, of a group (without the result) its first member.
    public func link(_ callback: some CanvasPart) -> Self { changed { $0.linked(callback.signature) } }

    /// With an errback, which gets the id of the task that failed in front of its arguments.
    ///
    /// Every step of a chain and every member of a group calls it, of a chord the body, whichever part failed.
    public func linkError(_ errback: some CanvasPart) -> Self { changed { $0.linkedError(errback.signature) } }

    /// With headers that are put on everything it leads to, and that tasks can be revoked by.
    public func stamp(_ stamps: JSONObject) -> Self { changed { $0.stamped(stamps) } }

    /// With arguments that stay as they are, whatever came before.
    public var immutable: Self { changed(\.asImmutable) }
}

extension TaskDefinition {
    /// The call as a value, for chains and callbacks.
    ///
    /// Celery's `s()`.
    public func s(_ argument: repeat each Parameter) throws -> TaskSignature<Output> {
        TaskSignature(signature(try encode(repeat each argument)))
    }

    /// The call without its first arguments: they come from the task before it in a chain, or that it is a callback of.
    ///
    /// - Throws: `TaskFailure` (`TypeError`) when the arguments are not those of the last parameters.
    @_disfavoredOverload
    public func s<each Later: Codable & Sendable>(_ later: repeat each Later) throws -> TaskSignature<Output> {
        var args: [JSONValue] = []
        repeat args.append(try JSONValue(encoding: each later, foreign: .kombu))
        try checkLast(args)
        return TaskSignature(signature(args))
    }

    /// The call as a value whose arguments stay as they are, whatever came before; Celery's `si()`.
    public func si(_ argument: repeat each Parameter) throws -> TaskSignature<Output> {
        try s(repeat each argument).immutable
    }

    /// One task that makes the call for each item in turn, in one process, and returns the list of results.
    ///
    /// For tasks of one parameter; see ``starmap(_:)`` for others.
    public func map<Item: Codable & Sendable>(_ items: [Item]) throws -> TaskSignature<[Output]> {
        TaskSignature(
            Signature.map(signature([]), over: try items.map { try JSONValue(encoding: $0, foreign: .kombu) }))
    }

    /// One task that makes the call with each tuple of arguments in turn and returns the list of results.
    public func starmap(_ items: [(repeat each Parameter)]) throws -> TaskSignature<[Output]> {
        TaskSignature(Signature.starmap(signature([]), over: try encoded(items)))
    }

    /// A group of ``starmap(_:)``, each over at most so many of the items.
    ///
    /// - Precondition: `size` is at least 1.
    public func chunks(_ items: [(repeat each Parameter)], of size: Int) throws -> GroupSignature<[Output]> {
        GroupSignature(signature: .chunks(signature([]), over: try encoded(items), of: size))
    }

    private func encoded(_ items: [(repeat each Parameter)]) throws -> [JSONValue] {
        var encoded: [JSONValue] = []
        for item in items { encoded.append(.array(try encode(repeat each item))) }
        return encoded
    }

    private func signature(_ args: [JSONValue]) -> Signature {
        var signature = Signature(task: name, args: args)
        if let queue = options.queue { signature.options["queue"] = JSONValue(queue) }
        if options.ignoresResult { signature.options["ignore_result"] = true }
        return signature
    }

    /// Checks that values fit the last parameters, so that a mistake shows where it is made.
    private func checkLast(_ values: [JSONValue]) throws {
        var count = 0
        repeat Self.count((each Parameter).self, &count)
        guard values.count <= count else {
            throw TaskFailure.builtin("TypeError", "\(name).s() takes at most \(count) arguments, got \(values.count)")
        }
        var position = values.count - count
        repeat try check((each Parameter).self, values, &position)
    }

    private static func count<Value>(_: Value.Type, _ count: inout Int) { count += 1 }

    private func check<Value: Decodable>(_ type: Value.Type, _ values: [JSONValue], _ position: inout Int) throws {
        defer { position += 1 }
        guard position >= 0 else { return }
        do { _ = try values[position].decode(type) } catch {
            throw TaskFailure.builtin(
                "TypeError",
                "\(name).s() argument \(position + 1): expected \(type), got \(pythonRepr(values[position]))")
        }
    }
}
