import CeleryProtocol
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes connections whose request bodies crawl, or go on after we have answered.
///
///     between ── head ──▶ reading ── end ──▶ between
///                            │ answered first
///                            └──▶ discarding ── end ──▶ between
///                                     └─ too much ──▶ closed
final class RequestPaceHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum State {
        case between
        case reading(since: NIODeadline, bytes: Int)
        case discarding(left: Int)
    }

    private let limits: ConnectionLimits
    private var state = State.between
    private var check: Scheduled<Void>?
    /// Whether an answer to the present request is on its way: then no other one fits in.
    private var isAnswering = false

    init(limits: ConnectionLimits) { self.limits = limits }

    func handlerRemoved(context: ChannelHandlerContext) { check?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head, _):
            isAnswering = false
            state = .reading(since: context.eventLoop.now, bytes: 0)
            schedule(context)
        case (.body(let part), .reading(let since, let bytes)):
            state = .reading(since: since, bytes: bytes + part.readableBytes)
        case (.body(let part), .discarding(let left)):
            guard part.readableBytes <= left else { return context.close(promise: nil) }
            state = .discarding(left: left - part.readableBytes)
        case (.body, .between):
            break
        case (.end, _):
            state = .between
            check?.cancel()
            check = nil
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        isAnswering = true
        if case .end = unwrapOutboundIn(data), case .reading = state {
            state = .discarding(left: limits.discardBytes)
        }
        context.write(data, promise: promise)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        check?.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleTask(in: TimeAmount(limits.bodyGrace)) {
            let (handler, context) = bound.value
            handler.judge(context)
        }
    }

    private func judge(_ context: ChannelHandlerContext) {
        switch state {
        case .between: return
        case .discarding: context.close(promise: nil)
        case .reading(let since, let bytes):
            let seconds = Double((context.eventLoop.now - since).nanoseconds) / 1e9
            guard Double(bytes) >= seconds * Double(limits.bodyRate) else { return giveUp(context) }
            schedule(context)
        }
    }

    private func giveUp(_ context: ChannelHandlerContext) {
        if !isAnswering {
            let body: JSONValue = [
                "success": false, "error": "The request's body came too slowly.", "code": "request_timeout",
            ]
            let bytes = ByteBuffer(bytes: body.encoded())
            let head = HTTPResponse(
                status: .requestTimeout,
                headerFields: [
                    .contentType: "application/json; charset=utf-8", .contentLength: "\(bytes.readableBytes)",
                    .connection: "close",
                ])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(bytes)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }
}
