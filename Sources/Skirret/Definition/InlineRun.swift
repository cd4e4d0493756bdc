package import CeleryProtocol
import Foundation
package import Logging
import SkirretRedis

extension RegisteredTask {
    /// Runs the body here and now, by way of JSON as a worker would, without a broker.
    ///
    /// Progress and log records go nowhere, and every single-flight name is free.
    package func runInline(args: [JSONValue], kwargs: JSONObject = [:], logger: Logger) async throws -> JSONValue {
        // Never connects: it only gives the records a place to be dropped from.
        let nowhere = TaskQueue(RedisURL(address: .unix(path: "/nonexistent")), logger: logger)
        let message = TaskMessage(task: name, id: "inline", args: args, kwargs: kwargs, queue: "inline")
        let claim = Claim(
            token: "inline", list: "inline", message: [], crashes: 0, isRevoked: false, claimedAt: Date())
        let context = TaskContext(
            id: message.headers.id, name: name, retries: 0, deadline: nil, run: Run(claim: claim, message: message),
            claim: HeldClaim(claim),
            services: BodyServices(
                worker: "inline", logger: logger, log: TaskLog(queue: nowhere), queue: nowhere, settler: nil))
        return try await body(context, args, kwargs)
    }
}

extension TaskDefinition {
    /// The arguments as they would travel, and the body's answer as it would come back.
    package func runInline(_ argument: repeat each Parameter, logger: Logger) async throws -> Output {
        let answer = try await registered.runInline(args: try encode(repeat each argument), logger: logger)
        return try answer.decode(Output.self)
    }
}
