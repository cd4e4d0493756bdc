import NIOCore

/// Reads no faster than the budget allows, so that a flood slows the process that pours it and nobody else.
///
/// 32 MiB a second: a result of 16 MiB passes without a pause, a flood costs a few percent of a core.
final class ReadThrottle: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var bytes = RateGate(perSecond: 32 << 10, burst: 20 << 10)  // counted in KiB
    private var lines = RateGate(perSecond: 100_000, burst: 20_000)
    private var isPaused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.spend(1 + unwrapInboundIn(data).readableBytes >> 10, at: .now)
        context.fireChannelRead(data)
    }

    /// Each line costs something too, however short.
    func spend(lines count: Int) {
        lines.spend(count, at: .now)
    }

    func read(context: ChannelHandlerContext) {
        let now = ContinuousClock.now
        let delay = max(bytes.delay(at: now), lines.delay(at: now))
        guard delay > .zero else {
            context.read()
            return
        }
        guard !isPaused else { return }
        isPaused = true
        // At least a tick: shorter pauses cost more than they save.
        let pause = TimeAmount(max(delay, .milliseconds(10)))
        context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            self.isPaused = false
            context.read()
        }
    }
}
