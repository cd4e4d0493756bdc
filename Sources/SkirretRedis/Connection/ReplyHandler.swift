import NIOCore

/// The end of the channel: feeds the reader and tells the link what came, and when it is over.
final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: Link
    /// The connection this handler belongs to; the link forgets a connection before its channel has closed.
    private let generation: Int
    private let reader: ReplyReader
    private var cause: RedisError?

    init(link: Link, generation: Int, maximumReplyBytes: Int) {
        self.link = link
        self.generation = generation
        reader = ReplyReader(maximumReplyBytes: maximumReplyBytes)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard link.generation == generation else { return }
        do throws(RedisError) {
            try reader.feed(unwrapInboundIn(data)) { reply in
                link.received(reply)
                return link.generation == generation
            }
        } catch {
            link.connectionEnded(generation, because: error)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if link.generation == generation { link.receivedBurst() }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        link.connectionEnded(generation, because: cause ?? .closed("\(link.place) closed the connection"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        cause =
            TLSFailure.error(of: error, place: link.place)
            ?? .closed("the connection to \(link.place) broke (\(FailureText.of(error)))")
        context.close(promise: nil)
    }
}
