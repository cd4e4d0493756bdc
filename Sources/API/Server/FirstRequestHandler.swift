import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOWebSocket
import Relay

/// Decides by a connection's first request what the connection is.
///
///     waiting ── no upgrade of ours ───────────────▶ settled: HTTP
///        └─ upgrade ──▶ deciding ── refused ───────▶ settled: HTTP, which answers with the reason
///                          └─ granted ──▶ upgrading ──▶ settled: WebSocket
///
/// NIO's own handler for this loses a request whose upgrade is declined, and the caller waits for ever; so the
/// order of things is ours, and the handshake itself stays NIO's.
final class FirstRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What belongs to HTTP and leaves before the first frame.
    struct HTTPHandlers {
        let encoder: HTTPResponseEncoder
        let others: [any RemovableChannelHandler]
    }

    private enum State {
        case waiting
        case deciding(HTTPRequestHead, decision: Decision?, hasEnded: Bool)
        case upgrading
        case settled
    }

    private enum Decision {
        case refused
        case granted(SocketDoor.Guest)
    }

    /// A GET has no body to speak of; whoever sends more before we answer is not waiting for an answer.
    private static let mostParts = 64

    private let door: SocketDoor?
    private let handlers: HTTPHandlers
    private let becomeHTTP: (any Channel) throws -> UpgradableChannel.Negotiated
    private var state = State.waiting
    private var held: [NIOAny] = []
    private var promise: EventLoopPromise<UpgradableChannel.Negotiated>?

    init(
        door: SocketDoor?, handlers: HTTPHandlers,
        becomeHTTP: @escaping (any Channel) throws -> UpgradableChannel.Negotiated
    ) {
        self.door = door
        self.handlers = handlers
        self.becomeHTTP = becomeHTTP
    }

    /// What the connection turned out to be.
    ///
    /// Fails when it closes before it has said.
    func outcome(on loop: any EventLoop) -> EventLoopFuture<UpgradableChannel.Negotiated> {
        let promise = self.promise ?? loop.makePromise()
        self.promise = promise
        return promise.futureResult
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise?.fail(ChannelError.ioOnClosedChannel)
        promise = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .waiting: begin(unwrapInboundIn(data), data, context)
        case .deciding(let head, let decision, let hasEnded):
            guard held.count < Self.mostParts else { return context.close(promise: nil) }
            held.append(data)
            if !hasEnded, case .end = unwrapInboundIn(data) {
                state = .deciding(head, decision: decision, hasEnded: true)
                proceed(context)
            }
        case .upgrading: held.append(data)
        case .settled: context.fireChannelRead(data)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A peer that hangs up before we know what it wants, or a server that stops: nothing is under way yet.
        guard case .settled = state else { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ part: HTTPServerRequestPart, _ data: NIOAny, _ context: ChannelHandlerContext) {
        held.append(data)
        guard case .head(let head) = part, let door, door.isUpgrade(head) else { return settle(context) }
        state = .deciding(head, decision: nil, hasEnded: false)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let client = door.client(of: head, on: context.channel)
        context.eventLoop.makeFutureWithTask { await door.admit(head, from: client) }.whenComplete { result in
            let (handler, context) = bound.value
            guard case .deciding(let head, _, let hasEnded) = handler.state else { return }
            let decision: Decision
            if case .success(.some(let guest)) = result {
                decision = .granted(guest)
            } else {
                decision = .refused
            }
            handler.state = .deciding(head, decision: decision, hasEnded: hasEnded)
            handler.proceed(context)
        }
    }

    private func proceed(_ context: ChannelHandlerContext) {
        switch state {
        case .deciding(_, decision: .refused, _):
            settle(context)
        case .deciding(let head, decision: .granted(let guest), hasEnded: true):
            upgrade(head, guest, context)
        case .waiting, .deciding, .upgrading, .settled:
            return
        }
    }

    /// The connection speaks HTTP: everything held goes to the handlers that now follow.
    private func settle(_ context: ChannelHandlerContext) {
        state = .settled
        do {
            promise?.succeed(try becomeHTTP(context.channel))
        } catch {
            promise?.fail(error)
            context.close(promise: nil)
        }
        promise = nil
        release(context)
    }

    private func release(_ context: ChannelHandlerContext) {
        let parts = held
        held = []
        for part in parts { context.fireChannelRead(part) }
        // Often this happens outside of any read of the channel's, and without it nobody would look at the parts.
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    // MARK: The handshake

    private func upgrade(_ head: HTTPRequestHead, _ guest: SocketDoor.Guest, _ context: ChannelHandlerContext) {
        guard let door else { return settle(context) }
        let upgrader = door.upgrader(for: guest)
        let answer = upgrader.buildUpgradeResponse(
            channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        answer.whenComplete { result in
            let (handler, context) = bound.value
            switch result {
            case .success(let headers): handler.upgrade(head, headers, upgrader, context)
            case .failure:
                // No key, or another version: an ordinary request after all.
                handler.settle(context)
            }
        }
    }

    private func upgrade(
        _ head: HTTPRequestHead, _ headers: HTTPHeaders,
        _ upgrader: NIOTypedWebSocketServerUpgrader<UpgradableChannel.Negotiated>, _ context: ChannelHandlerContext
    ) {
        state = .upgrading
        // The request is answered by the handshake; what is held from here on are bytes behind it.
        held = []
        let pipeline = context.pipeline.syncOperations
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let removals = handlers.others.map { pipeline.removeHandler($0) }
        EventLoopFuture.andAllSucceed(removals, on: context.eventLoop).flatMap {
            let (handler, context) = bound.value
            let answer = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
            return context.writeAndFlush(handler.wrapOutboundOut(.head(answer)))
        }.flatMap {
            let (handler, context) = bound.value
            return context.pipeline.syncOperations.removeHandler(handler.handlers.encoder)
        }.flatMap {
            upgrader.upgrade(channel: bound.value.1.channel, upgradeRequest: head)
        }.whenComplete { result in
            let (handler, context) = bound.value
            handler.state = .settled
            handler.promise?.completeWith(result)
            handler.promise = nil
            guard case .success = result else { return context.close(promise: nil) }
            handler.release(context)
        }
    }
}
