/// Why a socket is closed, as the client reads it.
///
/// 4000 and up are ours, the rest RFC 6455, section 7.4.
public struct RelayCloseCode: RawRepresentable, Sendable, Hashable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// Takes any code; the named ones are what the relay sends.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// 1000: the client said goodbye first.
    public static let normal = RelayCloseCode(rawValue: 1000)
    /// 1001: the server is stopping; connect again.
    public static let goingAway = RelayCloseCode(rawValue: 1001)
    /// 1002: unmasked frame, reserved bits, fragments out of order.
    public static let protocolError = RelayCloseCode(rawValue: 1002)
    /// 1007: text that is not UTF-8.
    public static let invalidText = RelayCloseCode(rawValue: 1007)
    /// 1008: more frames than a client may send.
    public static let tooManyFrames = RelayCloseCode(rawValue: 1008)
    /// 1009: a message larger than ``RelayLimits/inboundFrameBytes``.
    public static let tooBig = RelayCloseCode(rawValue: 1009)
    /// 1013: this relay could not keep up; connect again and refetch.
    public static let overloaded = RelayCloseCode(rawValue: 1013)
    /// 4401: not authenticated in time, or no longer.
    public static let unauthenticated = RelayCloseCode(rawValue: 4401)
    /// 4403: nobody listens from there any more; who it is does not matter.
    public static let notAllowed = RelayCloseCode(rawValue: 4403)
    /// 4408: no answer to a ping.
    public static let silent = RelayCloseCode(rawValue: 4408)
    /// 4409: the client reads more slowly than events arrive; connect again and refetch.
    public static let tooSlow = RelayCloseCode(rawValue: 4409)

    /// One phrase for the close frame and the log.
    var reason: String {
        switch self {
        case .normal: "goodbye"
        case .goingAway: "server is stopping"
        case .protocolError: "protocol error"
        case .invalidText: "text is not UTF-8"
        case .tooManyFrames: "too many messages"
        case .tooBig: "message too big"
        case .overloaded: "relay overloaded, events were missed"
        case .unauthenticated: "not authenticated"
        case .notAllowed: "not allowed from this network any more"
        case .silent: "no answer to ping"
        case .tooSlow: "too slow, events were missed"
        default: ""
        }
    }
}
