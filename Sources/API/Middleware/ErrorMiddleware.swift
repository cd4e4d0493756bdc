import Hummingbird
import Logging

/// Makes every error an answer of one shape, and logs those that are ours.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = APIContext

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            throw error
        } catch {
            if let known = APIError(describing: error) { return known.response }
            context.logger.error(
                "Request failed",
                metadata: ["method": "\(request.method)", "path": "\(request.uri.path)", "error": "\(error)"])
            return APIError.internalError.response
        }
    }
}
