import CeleryProtocol

/// What a client asks for in a text frame.
///
/// Clients that only listen never send one.
enum ClientMessage: Equatable {
    /// `{"type":"auth","token":"…"}`, the first frame of a client that has no cookie.
    case authenticate(token: String)
    /// `{"type":"subscribe","topics":["updates","plugin:my_plugin"],"epoch":"…","offset":"…"}`.
    ///
    /// Epoch and offset, where a client was before its connection was lost, may be left out together.
    case subscribe(topics: [String], from: RelayPosition?)
    /// `{"type":"unsubscribe","topics":["plugin:my_plugin"]}`.
    case unsubscribe(topics: [String])
    /// Anything else, including JSON that is none.
    case unknown

    init(parsing text: String) {
        // try?: the client hears `unknown_message`; what exactly is wrong with its JSON is its own affair.
        guard let json = try? JSONValue(parsing: text) else {
            self = .unknown
            return
        }
        let topics = json["topics"]?.array.map { $0.map { $0.string ?? "" } }
        switch (json["type"]?.string, topics) {
        case ("auth", _): self = json["token"]?.string.map(Self.authenticate) ?? .unknown
        case ("subscribe", let topics?): self = .subscribe(topics: topics, from: Self.position(json))
        case ("unsubscribe", let topics?): self = .unsubscribe(topics: topics)
        default: self = .unknown
        }
    }

    /// A place that cannot be read is one that nobody knows: the client hears that it must fetch everything.
    private static func position(_ json: JSONValue) -> RelayPosition? {
        guard let offset = json["offset"]?.string else { return nil }
        return RelayPosition(epoch: json["epoch"]?.string ?? "", offset: RelayOffset(offset) ?? .zero)
    }
}
