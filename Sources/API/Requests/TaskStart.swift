import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret

/// Starts a task on a caller's behalf, once, however often the caller asks with the same `Idempotency-Key`.
struct TaskStart {
    let services: APIServices
    let request: APIRequest

    /// Starts the task, or finds the one that an earlier request with this key started.
    ///
    /// - Parameters:
    ///   - task: The task's name.
    ///   - args: Positional arguments.
    ///   - kwargs: Keyword arguments.
    ///   - subject: What it is about, for people.
    ///   - plugin: The plugin it is about.
    ///   - sameness: What must be equal for a request to count as the same; the arguments, when nil.
    /// - Returns: The task's id; the task is safe by then, whether Redis knows it or not.
    /// - Throws: 422 when the key came with another request before, 507 when the ledger is full.
    func start(
        _ task: String, _ args: [JSONValue] = [], kwargs: JSONObject = [:], about subject: String,
        plugin: String? = nil, sameness: JSONValue? = nil
    ) async throws -> TaskID {
        var order = Ledger.Order(task: task, args: args, kwargs: kwargs)
        order.about = subject
        order.plugin = plugin
        return try await start(order, sameness: sameness)
    }

    /// Starts what follows from a change that the request has made, whatever key it came with: the change is made once.
    ///
    /// - Parameters:
    ///   - task: The task's name.
    ///   - args: Positional arguments.
    ///   - subject: What it is about, for people.
    /// - Throws: 507 when the ledger is full.
    func follow(_ task: String, _ args: [JSONValue], about subject: String) async throws {
        var order = Ledger.Order(task: task, args: args)
        order.about = subject
        order.origin = request.context.principal?.name ?? ""
        _ = try await services.ledger.start(order)
    }

    /// The same with all that can be said of a task.
    func start(_ order: Ledger.Order, sameness: JSONValue? = nil) async throws -> TaskID {
        try await services.ledger.start(try signed(order, sameness: sameness))
    }

    /// An order with who gave it, and what makes it the same as an earlier one.
    func signed(_ order: Ledger.Order, sameness: JSONValue? = nil) throws -> Ledger.Order {
        var order = order
        order.origin = request.context.principal?.name ?? ""
        if let key = try idempotencyKey() {
            let call: JSONValue = [.string(order.task), sameness ?? .array(order.args), .object(order.kwargs)]
            order.once = (key, Fingerprint(call.text).text)
        }
        return order
    }

    /// The caller's key, in the caller's own name.
    private func idempotencyKey() throws(APIError) -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .badRequest(
                "Idempotency-Key: expected 1 to 200 visible ASCII characters.", code: "invalid_idempotency_key")
        }
        return "\(request.context.principal?.identity ?? ""):\(key)"
    }
}
