import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A WebSocket client that does no more than it is told.
struct WebSocketClient {
    typealias Socket = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    enum Outcome: Sendable {
        case open(Socket)
        case refused(any Channel)
    }

    /// Asks for an upgrade with these headers.
    static func connect(port: Int, path: String = "/ws/", headers: [(String, String)] = []) async throws -> Outcome {
        let outcome = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgrader = NIOTypedWebSocketClientUpgrader<Outcome>(maxFrameSize: 1 << 20) { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            .open(try Socket(wrappingChannelSynchronously: channel))
                        }
                    }
                    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
                    head.headers = HTTPHeaders([("Host", "127.0.0.1:\(port)"), ("Content-Length", "0")] + headers)
                    var configuration = NIOUpgradableHTTPClientPipelineConfiguration(
                        upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                            upgradeRequestHead: head, upgraders: [upgrader],
                            notUpgradingCompletionHandler: { $0.eventLoop.makeSucceededFuture(.refused($0)) }))
                    // The greeting may arrive together with the upgrade's own answer.
                    configuration.leftOverBytesStrategy = .forwardBytes
                    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                        configuration: configuration)
                }
            }
        let result = try await outcome.get()
        // try?: the server may have closed it already.
        if case .refused(let channel) = result { try? await channel.close() }
        return result
    }

    /// Connects and hands over the frames; an upgrade that is refused throws.
    static func with<R: Sendable>(
        port: Int, path: String = "/ws/", headers: [(String, String)] = [],
        _ body:
            @Sendable @concurrent (
                NIOAsyncChannelInboundStream<WebSocketFrame>, NIOAsyncChannelOutboundWriter<WebSocketFrame>
            )
            async throws -> R
    ) async throws -> R {
        guard case .open(let socket) = try await connect(port: port, path: path, headers: headers) else {
            throw Refused()
        }
        return try await socket.executeThenClose(body)
    }

    struct Refused: Error {}
}

extension WebSocketFrame {
    /// A client's text frame.
    static func text(_ text: String) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(string: text))
    }

    /// Text for a text frame, the code for a closing one.
    var summary: String {
        var data = unmaskedData
        guard opcode == .connectionClose else { return String(buffer: data) }
        return data.readInteger(as: UInt16.self).map { "close \($0)" } ?? "close"
    }
}
