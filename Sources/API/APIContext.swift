import Hummingbird
import NIOCore

/// What travels with one request through middleware to its route.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The connection, for the peer's address.
    let channel: any Channel
    /// Who asks.
    ///
    /// Nil: nobody has said, or the endpoint does not want to know.
    var principal: Principal?
    /// Whose address counts as the caller's, once the request has reached its route: of the peer, or of whoever a
    /// trusted proxy names.
    var client: String?

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.channel = source.channel
    }
}
