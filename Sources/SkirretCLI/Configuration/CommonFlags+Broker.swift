import Skirret

extension CommonFlags {
    /// Runs the body with the broker that the settings name, and closes it afterwards.
    func withBroker<Value: Sendable>(
        _ name: String, _ body: (TaskQueue) async throws -> Value
    ) async throws -> Value {
        try await load(isQuiet: true).withBroker(name, body)
    }
}

extension Settings {
    /// The same for settings that were read already.
    func withBroker<Value: Sendable>(
        _ name: String, _ body: (TaskQueue) async throws -> Value
    ) async throws -> Value {
        let broker = taskQueue(name)
        do {
            let value = try await body(broker)
            await broker.close()
            return value
        } catch {
            await broker.close()
            throw error
        }
    }
}
