import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

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
            let first = FirstRequestHandler(
                door: socket, handlers: .init(encoder: encoder, others: [decoder, manners]),
                becomeHTTP: { .http(try becomeHTTP($0, logger: logger)) })
            let negotiated = first.outcome(on: channel.eventLoop)
            try pipeline.addHandlers([encoder, decoder, manners, first])
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

    /// Puts Hummingbird's handlers behind NIO's.
    private func becomeHTTP(
        _ channel: any Channel, logger: Logger
    ) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        try pipeline.addHandler(RequestPaceHandler(limits: limits))
        try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: limits.idle, logger: logger))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    /// A peer that connects and says nothing, or says it a byte a minute, does not keep its place.
    private func closeUnlessStarted(_ channel: any Channel, _ negotiated: EventLoopFuture<Negotiated>) {
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(limits.firstRequest)) {
            channel.close(promise: nil)
        }
        negotiated.whenComplete { _ in timer.cancel() }
    }
}
