public import Logging
public import Skirret

extension TaskDefinition {
    /// Runs the task here and now, without Redis and without a worker; for tests of the body alone.
    ///
    ///     #expect(try await add.inline(2, 3) == 5)
    ///
    /// Arguments and result go through JSON as they would on the wire, so what cannot travel fails here too. There are
    /// no retries: a body that asks for one throws its `RetryRequest`. Calls that the body makes with `.delay()` go to
    /// their queue as ever; ``Skirret/TaskQueue/drain(_:queues:dueWithin:limit:)`` runs those.
    ///
    /// - Parameters:
    ///   - argument: The task's arguments.
    ///   - logger: Where the body's log records go; nowhere unless said otherwise.
    /// - Returns: What the body returned.
    /// - Throws: What the body throws.
    public func inline(
        _ argument: repeat each Parameter,
        logger: Logger = Logger(label: "inline") { _ in SwiftLogNoOpLogHandler() }
    ) async throws -> Output {
        try await runInline(repeat each argument, logger: logger)
    }
}
