import HTTPTypes
import Hummingbird

/// Headers that hold a browser back from whatever we did not mean.
struct SecurityHeadersMiddleware: RouterMiddleware {
    typealias Context = APIContext

    /// Scripts are ours alone; styles may be inline because the component library writes `<style>` elements.
    static let contentSecurityPolicy = [
        "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:",
        "connect-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// What no browser makes a document of, so that no policy could hold anything back: a first visit asks for a hundred
    /// of these, and the policy is a quarter of a kilobyte.
    private static let inert = ["text/javascript", "text/css", "font/woff2"]

    private static func isInert(_ response: Response) -> Bool {
        let type = response.headers[.contentType] ?? ""
        return inert.contains { type.hasPrefix($0) }
    }

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        if !Self.isInert(response) { response.headers[.contentSecurityPolicy] = Self.contentSecurityPolicy }
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "same-origin"
        return response
    }
}
