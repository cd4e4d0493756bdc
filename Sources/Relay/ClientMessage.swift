import CeleryProtocol

/// What a client asks for in a text frame.
///
/// Clients that only listen never send one.
enum ClientMessage: Equatable {
    /// `{"type":"auth","token":"…"}`, the first frame of a client that has no cookie.
    case authenticate(token: String)
    /// `{"type":"subscribe","topics":[…],"epoch":…,"offset":…}`: topics and recovery. Understood, not granted yet.
    case subscribe
    /// Anything else, including JSON that is none.
    case unknown

    init(parsing text: String) {
        // try?: the client hears `unknown_message`; what exactly is wrong with its JSON is its own affair.
        guard let json = try? JSONValue(parsing: text) else {
            self = .unknown
            return
        }
        switch json["type"]?.string {
        case "auth": self = json["token"]?.string.map(Self.authenticate) ?? .unknown
        case "subscribe", "unsubscribe": self = .subscribe
        default: self = .unknown
        }
    }
}
