import CeleryProtocol
import HTTPTypes
import Hummingbird
import Logging

/// A request as route handlers see it.
struct APIRequest: Sendable {
    /// Bytes of a JSON body: settings and parameters are small, and a plugin's own data goes in files.
    static let jsonLimit = 1024 * 1024

    let request: Request
    let context: APIContext

    var logger: Logger { context.logger }
    var headers: HTTPFields { request.headers }

    /// A named part of the path.
    func parameter(_ name: String) throws -> String { try context.parameters.require(name) }

    /// A numbered part of the path.
    ///
    /// What is no number names nothing.
    func id(_ name: String = "id", else message: String = "Not found.") throws -> Int {
        guard let id = context.parameters.get(name, as: Int.self) else { throw APIError.notFound(message) }
        return id
    }

    /// The first value of that name in the address; empty when the name stands alone.
    func query(_ name: String) -> String? { request.uri.query.flatMap { FormQuery($0).first(name) } }

    /// Whether the body is of this media type, parameters aside.
    func hasContentType(_ type: String) -> Bool {
        let declared = headers[.contentType]?.split(separator: ";").first ?? ""
        return declared.lowercased().filter { $0 != " " } == type
    }

    /// The body as a JSON object; an absent body is an empty one.
    ///
    /// - Throws: 415 for anything but `application/json`, which a foreign form cannot send; 400 for bad JSON; 413.
    func jsonObject(limit: Int = jsonLimit) async throws -> JSONObject {
        let body = try await request.body.collect(upTo: limit)
        guard body.readableBytes > 0 else { return [:] }
        guard hasContentType("application/json") else {
            throw APIError(
                .unsupportedMediaType, code: "unsupported_media_type", "The body must be application/json.",
                hint: "Set Content-Type: application/json.")
        }
        do {
            guard let object = try JSONValue(parsing: Array(body.readableBytesView)).object else {
                throw APIError.badRequest("The body must be a JSON object.", code: "invalid_json")
            }
            return object
        } catch let error as JSONError {
            throw APIError.badRequest("The body is not valid JSON: \(error)", code: "invalid_json")
        }
    }
}
