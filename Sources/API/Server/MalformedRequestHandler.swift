import CeleryProtocol
import NIOCore
import NIOHTTP1

/// Answers what NIO's parser refuses, in the shape of all our errors, and closes.
///
/// Also closes after the answer to a request that wanted another protocol and did not get it: the parser has
/// stopped at the end of such a request, and would leave the next one on that connection unread.
///
/// Sits right behind the parser, where an answer can still be written before the parser closes the connection.
final class MalformedRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var isAnswering = false
    private var closesAfterAnswer = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), head.wantsAnotherProtocol { closesAfterAnswer = true }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            isAnswering = !(100..<200).contains(head.status.code)
            if closesAfterAnswer { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            isAnswering = false
            guard closesAfterAnswer else { return context.write(data, promise: promise) }
            let channel = context.channel
            let sent = promise ?? context.eventLoop.makePromise()
            sent.futureResult.whenComplete { _ in channel.close(promise: nil) }
            context.writeAndFlush(data, promise: sent)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        if !isAnswering { answer(error, context) }
        context.close(promise: nil)
    }

    private func answer(_ error: HTTPParserError, _ context: ChannelHandlerContext) {
        let (status, code, message): (HTTPResponseStatus, String, String) =
            switch error {
            case .headerOverflow:
                (.requestHeaderFieldsTooLarge, "headers_too_large", "Headers or address are too long.")
            case .invalidURL: (.badRequest, "invalid_address", "The request's address is not a URL.")
            default: (.badRequest, "malformed_request", "This is not a well-formed HTTP request.")
            }
        let body: JSONValue = ["success": false, "error": .string(message), "code": .string(code)]
        let bytes = ByteBuffer(bytes: body.encoded())
        let headers: HTTPHeaders = [
            "Content-Type": "application/json; charset=utf-8", "Content-Length": "\(bytes.readableBytes)",
            "Connection": "close",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

extension HTTPRequestHead {
    /// As the parser sees it: `Upgrade` named by `Connection`, or a tunnel.
    fileprivate var wantsAnotherProtocol: Bool {
        method == .CONNECT
            || (headers.contains(name: "Upgrade")
                && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" })
    }
}
