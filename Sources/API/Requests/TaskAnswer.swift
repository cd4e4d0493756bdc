import CeleryProtocol
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// A task's result as the answer to the request that started it.
struct TaskAnswer {
    let services: APIServices

    /// Waits for a task and answers with its result; 202 when it takes too long or the caller does not want to wait.
    ///
    /// - Returns: The answer, and whether the task is over.
    func answer(
        _ id: TaskID, to request: APIRequest, within deadline: Duration
    ) async throws -> (Response, isOver: Bool) {
        guard !request.prefersAsync else {
            return (Self.accepted(id, isApplied: request.prefersAsync), false)
        }
        return try await answer(id) { try await services.queue.result(of: id, within: deadline) }
    }

    /// Starts a task and answers with its result, as ``answer(_:to:within:)`` does.
    ///
    /// Redis takes the subscription to the result while the disk takes the task, and is asked for what became of the
    /// task while it is told of it.
    func answer(
        starting order: Ledger.Order, to request: APIRequest, within deadline: Duration
    ) async throws -> (Response, isOver: Bool) {
        var order = order
        let id = TaskID.random()
        order.options.id = id
        return try await services.queue.listening(for: id) { [order] listener in
            let (known, unsent) = try await services.ledger.commit(order)
            guard let unsent else { return try await answer(known, to: request, within: deadline) }
            async let told: Void = services.ledger.push(unsent)
            let answer = try await answer(id) { try await listener.result(within: deadline) }
            await told
            return answer
        }
    }

    private func answer(
        _ id: TaskID, _ result: () async throws -> TaskResult
    ) async throws -> (Response, isOver: Bool) {
        do {
            return (.success(["result": try Self.value(try await result())]), true)
        } catch is RedisError {
            // It is in the ledger, and Redis learns of it when it is back.
            return (Self.accepted(id, isApplied: false), false)
        } catch is ResultTimeout {
            return (Self.accepted(id, isApplied: false), false)
        } catch let error as APIError {
            return (error.response, true)
        }
    }

    /// `{"success":true,"task_id":…}`: it goes on, and its state can be asked for.
    static func accepted(_ id: TaskID, isApplied: Bool, message: String? = nil) -> Response {
        var body: JSONObject = ["task_id": JSONValue(id)]
        if let message { body["message"] = .string(message) }
        var response = Response.success(body, status: .accepted)
        response.headers[.location] = "/api/tasks/\(id)/"
        if isApplied { response.headers[.preferenceApplied] = "respond-async" }
        return response
    }

    /// What a task returned.
    ///
    /// - Throws: What the caller is to hear of its failure.
    static func value(_ result: TaskResult) throws(APIError) -> JSONValue {
        guard result.state != .success else { return result.result }
        guard result.state != .revoked else {
            throw APIError(.conflict, code: "task_cancelled", "The task was cancelled.")
        }
        let failure = result.failure
        let message = failure?.message ?? "The task failed."
        if failure?.isOfSafeMode ?? false { throw .safeMode }
        switch failure?.excType {
        case "PermissionError" where message.contains("disabled"):
            throw APIError(.forbidden, code: "plugin_disabled", message)
        case "ValueError" where message.hasPrefix("Plugin '") && message.hasSuffix("not found"):
            throw .noSuchPlugin
        case "FetchError":
            let code = failure?.excMessage.last?.string ?? "fetch_failed"
            throw APIError(
                code == "address_refused" ? .badRequest : .badGateway, code: code,
                failure?.excMessage.first?.string ?? message)
        default:
            throw APIError(
                .internalServerError, code: code(failure), message,
                hint: "The task's log has the details: /api/tasks/\(result.taskID)/logs/",
                exception: failure?.excType, taskID: result.taskID.rawValue)
        }
    }

    /// Our own codes for what is not the plugin's exception.
    private static func code(_ failure: TaskFailure?) -> String {
        switch failure?.excType {
        case "WorkerLostError": "plugin_crashed"
        case "TimeLimitExceeded", "SoftTimeLimitExceeded": "plugin_timed_out"
        // The host's own errors carry their stable code as a second value.
        case "PluginError":
            failure?.excMessage.count == 2 ? failure?.excMessage[1].string ?? "plugin_failed" : "plugin_failed"
        default: "plugin_failed"
        }
    }
}

extension APIRequest {
    /// `Prefer: respond-async` (RFC 7240).
    var prefersAsync: Bool {
        headers[values: .prefer].flatMap { $0.split(separator: ",") }.contains {
            $0.split(separator: ";").first?.trimmingBlanks.lowercased() == "respond-async"
        }
    }

    /// `http://host:port`, as the caller reached us.
    var origin: String {
        "\(headers[.origin]?.hasPrefix("https://") == true ? "https" : "http")://\(request.head.authority ?? "")"
    }
}
