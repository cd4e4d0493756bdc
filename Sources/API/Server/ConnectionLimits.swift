import NIOHTTP1

/// How much patience one connection gets.
struct ConnectionLimits: Sendable {
    /// From connecting to the end of the first request's head.
    var firstRequest: Duration = .seconds(15)
    /// Between requests on a connection that is kept.
    var idle: Duration = .seconds(60)
    /// How long a body may take before its speed is looked at.
    var bodyGrace: Duration = .seconds(15)
    /// The least that a body must bring after that, on average: bytes a second.
    var bodyRate = 1024
    /// Bytes read and thrown away when we answered before the body was in, so that the answer arrives.
    var discardBytes = 1024 * 1024
    /// Headers together, the request line's address among them.
    var decoder = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 * 1024
        limits.maxHeaderListSize = 64 * 1024
        limits.maxHeaderFieldCount = 100
        return limits
    }()
}
