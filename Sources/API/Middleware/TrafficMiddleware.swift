import Hummingbird
import Logging
import Synchronization

/// Counts answers by class, and logs each at debug with its path only: a query may hold a token.
struct TrafficMiddleware: RouterMiddleware {
    typealias Context = APIContext

    let counters: TrafficCounters

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        counters.count(response.status.code)
        context.logger.debug(
            "Answered",
            metadata: [
                "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
            ])
        return response
    }
}

/// How many answers of each class were given.
final class TrafficCounters: Sendable {
    private let counts = Mutex([Int](repeating: 0, count: 6))

    func count(_ status: Int) {
        counts.withLock { $0[min(max(status / 100, 1), 5)] += 1 }
    }

    /// Counts by first digit of the status, 1 to 5.
    var byClass: [(digit: Int, count: Int)] {
        let counts = counts.withLock { $0 }
        return (1...5).map { ($0, counts[$0]) }
    }
}
