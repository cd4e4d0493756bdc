import CeleryProtocol
import NIOCore
import NIOWebSocket

/// The events of one type that a socket brings, read.
struct News {
    private var frames: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
    private let type: JSONValue

    init(_ frames: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator, of type: JSONValue) {
        self.frames = frames
        self.type = type
    }

    @concurrent mutating func next() async throws -> JSONValue {
        while let frame = try await frames.next() {
            guard frame.opcode == .text else { continue }
            let data = try JSONValue(parsing: frame.summary)["data"] ?? .null
            if data["type"] == type { return data }
        }
        throw WebSocketClient.Refused()
    }

    /// The first that fits; the suite's time limit ends a wait for one that never comes.
    @concurrent mutating func until(_ fits: @Sendable (JSONValue) -> Bool) async throws -> JSONValue {
        while true {
            let news = try await next()
            if fits(news) { return news }
        }
    }
}
