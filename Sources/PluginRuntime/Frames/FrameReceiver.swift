import NIOCore

/// Hands over the frames of one socket, and tells once when it ends.
///
/// What arrives before ``start(frame:closed:)`` waits. Lives on the channel's loop.
final class FrameReceiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private struct Receiver {
        let frame: ([UInt8]) throws(FrameFault) -> Void
        let closed: (FrameFault?) -> Void
    }

    private var buffer: FrameBuffer
    private var receiver: Receiver?
    private var context: ChannelHandlerContext?
    private var hasEnded = false

    /// Frames of at most `limit` bytes.
    init(limit: Int) {
        buffer = FrameBuffer(limit: limit)
    }

    /// From now on `frame` gets every frame's JSON; `closed` is called once, with what was wrong if something was.
    ///
    /// A fault closes the socket: nothing that follows it can be trusted.
    func start(
        frame: @escaping ([UInt8]) throws(FrameFault) -> Void, closed: @escaping (FrameFault?) -> Void
    ) {
        receiver = Receiver(frame: frame, closed: closed)
        deliver()
        if hasEnded { closed(nil) }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEnded else { return }
        var piece = unwrapInboundIn(data)
        buffer.append(&piece)
        deliver()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(nil)
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset: the same as the end of it.
        context.close(promise: nil)
    }

    private func deliver() {
        guard let receiver, !hasEnded else { return }
        do throws(FrameFault) {
            while let frame = try buffer.next() { try receiver.frame(frame) }
        } catch {
            end(error)
        }
    }

    private func end(_ fault: FrameFault?) {
        guard !hasEnded else { return }
        hasEnded = true
        receiver?.closed(fault)
        if fault != nil { context?.close(promise: nil) }
    }
}
