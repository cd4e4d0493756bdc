import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket
import Relay

/// One listening port for both: requests go to Hummingbird, upgrades of `/ws/` to the relay.
struct UpgradableChannel: ServerChildChannel, HTTPChannelHandler {
    /// What a connection turns out to be, once its first request is in.
    enum Negotiated: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case webSocket
    }

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let responder: HTTPChannelHandler.Responder
    let limits: ConnectionLimits
    /// Nil: this process mounts no relay, and every upgrade falls through to the router.
    let socket: SocketDoor?

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let encoder = HTTPResponseEncoder()
            let decoder = ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits.decoder))
            let manners = MalformedRequestHandler()
            let upgrade = NIOTypedHTTPServerUpgradeHandler(
                httpEncoder: encoder, extraHTTPHandlers: [decoder, manners],
                upgradeConfiguration: .init(upgraders: upgraders()) { notUpgrading($0, logger: logger) })
            try pipeline.addHandlers([encoder, decoder, manners, upgrade])
            let negotiated = upgrade.upgradeResultFuture
            closeUnlessStarted(channel, negotiated)
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        // try?: a connection that never became anything has closed, and there is nobody to tell.
        switch try? await value.negotiated.get() {
        case .http(let channel)?: await handleHTTP(asyncChannel: channel, logger: logger)
        case .webSocket?: try? await value.channel.closeFuture.get()  // Closed with an error is closed.
        case nil: break
        }
    }

    private func notUpgrading(_ channel: any Channel, logger: Logger) -> EventLoopFuture<Negotiated> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(RequestPaceHandler(limits: limits))
            try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: limits.idle, logger: logger))
            return .http(
                try NIOAsyncChannel(
                    wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)))
        }
    }

    private func upgraders() -> [NIOTypedWebSocketServerUpgrader<Negotiated>] {
        guard let socket else { return [] }
        // Filled when the upgrade is granted, emptied when it is done; both on the connection's own loop.
        let admitted = AdmittedSocket()
        return [
            NIOTypedWebSocketServerUpgrader(
                maxFrameSize: socket.hub.limits.inboundFrameBytes, enableAutomaticErrorHandling: false,
                shouldUpgrade: { channel, head in
                    channel.eventLoop.makeFutureWithTask {
                        guard let identity = await socket.admit(head) else { return nil }
                        admitted.identity = identity
                        return [:]
                    }
                },
                upgradePipelineHandler: { channel, _ in
                    channel.eventLoop.makeCompletedFuture {
                        try socket.adopt(channel, admitted.identity)
                        return .webSocket
                    }
                })
        ]
    }

    /// A peer that connects and says nothing, or says it a byte a minute, does not keep its place.
    private func closeUnlessStarted(_ channel: any Channel, _ negotiated: EventLoopFuture<Negotiated>) {
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limits.firstRequest)) {
            channel.close(promise: nil)
        }
        negotiated.whenComplete { _ in timer.cancel() }
    }
}
