import HTTPTypes
import Hummingbird

/// Serves the web app where no route matched: its files, and its page for any address that could be one of its own.
struct WebAppMiddleware: RouterMiddleware {
    typealias Context = APIContext

    let app: WebApp

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            guard request.method == .get || request.method == .head else { throw error }
            guard let response = try await response(to: request, context) else { throw error }
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    private func response(to request: Request, _ context: Context) async throws -> Response? {
        let path = request.uri.path
        if path.hasPrefix("/assets/") {
            return try await app.asset(path, acceptsGzip: request.acceptsGzip, context: context)
        }
        return Self.isPage(path) ? app.pageResponse : nil
    }

    /// Whether the browser's own router may know this address.
    ///
    /// What belongs to the API, what looks like a file and what is spelt in a strange way is a plain 404.
    static func isPage(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard path.hasPrefix("/"), !path.contains("//"), path.utf8.allSatisfy(isPlain) else { return false }
        guard !["api", "ws", "health", "metrics", "assets"].contains(parts.first?.lowercased()) else { return false }
        return parts.allSatisfy { !$0.contains(".") }
    }

    /// Printable ASCII without what other parsers might read as a separator.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "%") && byte != UInt8(ascii: "\\")
    }
}
