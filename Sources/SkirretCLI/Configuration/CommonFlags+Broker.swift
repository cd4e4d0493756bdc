import Skirret

extension CommonFlags {
    /// Runs the body with the broker that the settings name, and closes it afterwards.
    func withBroker<Value: Sendable>(
        _ name: String, _ body: (TaskQueue) async throws -> Value
    ) async throws -> Value {
        let broker = try await load(isQuiet: true).taskQueue(name)
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
