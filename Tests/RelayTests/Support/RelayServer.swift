import Logging
import NIOCore
import NIOPosix
import NIOWebSocket

@testable import Relay

/// A hub behind a real listening socket.
///
/// Frames only: the HTTP upgrade belongs to the API and is tested there.
struct RelayServer {
    let hub: RelayHub
    let port: Int

    static func withServer(
        limits: RelayLimits = .init(), identity: RelayIdentity? = RelayIdentity(credential: "admin"),
        admitted: Int? = nil,
        _ body: (RelayServer) async throws -> Void
    ) async throws {
        let hub = RelayHub(limits: limits, logger: Logger(label: "relay-tests") { _ in SwiftLogNoOpLogHandler() })
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WebSocketFrameEncoder())
                    try channel.pipeline.syncOperations.addHandler(
                        ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limits.inboundFrameBytes)))
                    try hub.adopt(channel, identity: identity, admitted: admitted) { token in
                        token == "good" ? RelayIdentity(credential: "token") : nil
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(RelayServer(hub: hub, port: listener.localAddress?.port ?? 0))
        } catch {
            await hub.shutdown()
            try await listener.close()
            throw error
        }
        await hub.shutdown()
        try await listener.close()
    }

    /// Connects a client that reads and answers pings as it likes.
    func connect() async throws -> NIOAsyncChannel<WebSocketFrame, WebSocketFrame> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WebSocketFrameEncoder())
                    try channel.pipeline.syncOperations.addHandler(
                        ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20)))
                    return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }
}

extension WebSocketFrame {
    static func masked(_ opcode: WebSocketOpcode, _ text: String = "") -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: ByteBuffer(string: text))
    }

    /// Text for a text frame, the code for a closing one.
    var summary: String {
        var data = unmaskedData
        guard opcode == .connectionClose else { return String(buffer: data) }
        return data.readInteger(as: UInt16.self).map { "close \($0)" } ?? "close"
    }
}
