import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import NIOCore
import PluginRuntime
import SkirretRedis

/// An answer that is an error: what programs switch on, and what people read.
///
/// On the wire: `{"success":false,"error":"Plugin not found","code":"plugin_not_found"}`, with `hint` when there is a next step.
struct APIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The HTTP status.
    let status: HTTPResponse.Status
    /// Stable for ever, snake case.
    let code: String
    /// One sentence; Dispatcharr's own words where Dispatcharr has this error.
    let message: String
    /// What the caller can do about it.
    let hint: String?
    /// Headers beyond the usual, `Allow` or `Retry-After`.
    let headers: HTTPFields
    /// The exception's class, when a plugin raised one.
    let exception: String?
    /// The task that failed.
    let taskID: String?

    /// Describes an error.
    init(
        _ status: HTTPResponse.Status, code: String, _ message: String, hint: String? = nil, headers: HTTPFields = [:],
        exception: String? = nil, taskID: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = headers
        self.exception = exception
        self.taskID = taskID
    }

    /// For logs and tools.
    var description: String { hint.map { "\(message) \($0)" } ?? message }

    var response: Response { .json(body, status: status, headers: headers) }

    /// What is answered.
    var body: JSONValue {
        var body: JSONObject = ["success": false, "error": .string(message), "code": .string(code)]
        // Where Django REST framework's clients look when they are turned away.
        if status == .unauthorized || status == .forbidden { body["detail"] = .string(message) }
        if let hint { body["hint"] = .string(hint) }
        if let exception { body["exception"] = .string(exception) }
        if let taskID { body["task_id"] = .string(taskID) }
        return .object(body)
    }
}

extension APIError {
    static func badRequest(_ message: String, code: String = "bad_request", hint: String? = nil) -> APIError {
        APIError(.badRequest, code: code, message, hint: hint)
    }
    static func notFound(_ message: String, code: String = "not_found") -> APIError {
        APIError(.notFound, code: code, message)
    }
    static func tooLarge(limit: Int) -> APIError {
        APIError(.contentTooLarge, code: "body_too_large", "The request's body is larger than \(limit) bytes.")
    }
    static let storageFull = APIError(
        .insufficientStorage, code: "storage_full",
        "The upload cannot be stored.", hint: "Is the data folder's disk full, or read-only?")
    static let noSuchRoute = APIError(.notFound, code: "no_such_route", "Nothing is served at this address.")
    static let notAuthenticated = APIError(
        .unauthorized, code: "not_authenticated", "Authentication is required.",
        hint: "Send Authorization: Bearer <token>, X-API-Key: <key>, or sign in at /api/auth/session/.",
        headers: [.wwwAuthenticate: "Bearer"])
    static let notAllowed = APIError(
        .forbidden, code: "not_allowed", "You do not have permission to perform this action.",
        hint: "Sign in as somebody with a higher level, or ask an administrator.")
    static let crossSite = APIError(
        .forbidden, code: "cross_site_request", "Requests from other sites are refused.",
        hint: "A browser's Origin must be this server's own address.")

    /// What a caller hears about an error of any kind.
    ///
    /// Nil: it is our fault, and its text is for the log.
    init?(describing error: any Error) {
        switch error {
        case let error as APIError: self = error
        case is NIOTooManyBytesError:
            self.init(.contentTooLarge, code: "body_too_large", "The request's body is too large.")
        case let error as HTTPError where error.status == .notFound: self = .noSuchRoute
        case let error as HTTPError where error.status.code < 500:
            self.init(
                error.status, code: "bad_request", error.body ?? error.status.reasonPhrase, headers: error.headers)
        case let error as RedisError where error.code == .outOfMemory:
            self.init(
                .insufficientStorage, code: "broker_full",
                "Redis has no memory left.", hint: error.hint)
        case let error as RedisError:
            self.init(
                .serviceUnavailable, code: "broker_unavailable", "Redis does not answer.",
                hint: "\(error.hint) Try again shortly.", headers: [.retryAfter: "2"])
        case let error as CatalogError: self.init(error)
        case let error as PluginError:
            self.init(.serviceUnavailable, code: error.code.rawValue, error.message, hint: error.hint)
        default:
            guard let known = CatalogError(explaining: error) else { return nil }
            self.init(known)
        }
    }

    /// What the database refuses, in a caller's words.
    private init?(_ error: CatalogError) {
        let sentence = "\(error.place): \(error.found)"
        switch error.code {
        case .notFound: self.init(.notFound, code: "not_found", sentence, hint: error.hint)
        case .duplicate: self.init(.conflict, code: "duplicate", sentence, hint: error.hint)
        case .invalidValue: self.init(.badRequest, code: "invalid_fields", sentence, hint: error.hint)
        case .keyReused:
            self.init(.unprocessableContent, code: "idempotency_key_reused", sentence, hint: error.hint)
        case .ledgerFull: self.init(.insufficientStorage, code: "ledger_full", sentence, hint: error.hint)
        case .cannotWrite: self.init(.insufficientStorage, code: "storage_full", sentence, hint: error.hint)
        case .busy:
            self.init(
                .serviceUnavailable, code: "storage_busy", sentence, hint: error.hint, headers: [.retryAfter: "2"])
        case .locked: self.init(.forbidden, code: "locked", sentence, hint: error.hint)
        default: return nil
        }
    }

    static let internalError = APIError(
        .internalServerError, code: "internal_error", "Something went wrong in the server.",
        hint: "The server's log has the details, under this request's id.")
}

extension HTTPResponse.Status {
    /// 507: there is no room for what was sent.
    static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}
