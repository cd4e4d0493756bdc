import Logging
import NIOCore
import NIOWebSocket

/// Carries out what a ``RelaySession`` decides, on one channel's event loop.
///
/// Writes go through the context of NIO's frame encoder, so that a frame that was encoded once passes below it.
final class RelaySessionHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame

    /// Looks a token up.
    ///
    /// Nil: nobody's.
    typealias Verifier = @Sendable (String) async -> RelayIdentity?

    private let hub: RelayHub
    private let verifier: Verifier
    private let identity: RelayIdentity?
    private let makeSession: (NIODeadline) -> RelaySession
    private var session: RelaySession
    private var outbox: Outbox
    private var context: ChannelHandlerContext?
    private var encoder: ChannelHandlerContext?
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var isMember = false
    /// Under which topics the roster has it: its own while it is a member, else none.
    private var topics: Set<String> = []
    /// Something was written that ``flush()`` is to send.
    private var isFlushDue = false
    /// The client has heard of everything up to here.
    private var heard: RelayPosition?

    init(hub: RelayHub, limits: RelayLimits, identity: RelayIdentity?, verifier: @escaping Verifier) {
        self.hub = hub
        self.identity = identity
        self.verifier = verifier
        self.makeSession = { RelaySession(limits: limits, now: $0) }
        self.session = RelaySession(limits: limits, now: .now())
        self.outbox = Outbox(limit: limits.queueBytes, patience: TimeAmount(limits.queuePatience))
    }

    // MARK: The channel's life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        do {
            encoder = try context.pipeline.syncOperations.context(handlerType: WebSocketFrameEncoder.self)
        } catch {
            preconditionFailure("RelayHub.adopt needs NIO's WebSocketFrameEncoder in the pipeline: \(error)")
        }
        session = makeSession(context.eventLoop.now)
        hub.connected(self, on: context.eventLoop)
        perform(identity.map { session.verified($0, now: context.eventLoop.now) } ?? [])
    }

    func channelInactive(context: ChannelHandlerContext) {
        perform(session.disconnected())
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        perform(session.disconnected())
        hub.disconnected(self, on: context.eventLoop, code: session.closeCode)
        timer?.task.cancel()
        timer = nil
        encoder = nil
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        perform(session.received(RelaySession.Frame(unwrapInboundIn(data)), now: context.eventLoop.now))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        drainOutbox()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: close(.goingAway)
        // A socket that will never answer is no use half open.
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: close(.tooBig)
        case is NIOWebSocketError: close(.protocolError)
        default: context.close(promise: nil)  // A broken connection; there is nobody to tell.
        }
    }

    // MARK: What the hub asks

    /// Who is at the other end, once that is known.
    var listener: RelayIdentity? { session.identity }
    func answers(to name: String) -> Bool { session.answers(to: name) }
    func hears(anyOf names: ArraySlice<String>) -> Bool { names.contains(where: topics.contains) }
    var channel: (any Channel)? { context?.channel }

    /// Queues one event for a client that hears its topic.
    ///
    /// - Returns: Whether ``flush()`` is due now and was not before; it follows once per batch.
    func deliver(_ frame: EventFrame, now: NIODeadline) -> Bool {
        // Whoever was closed by an event of this batch may still be named for the next.
        guard isMember, let encoder else { return false }
        // It was among those that the client had missed.
        if let heard, let position = frame.position, position.epoch == heard.epoch, position.offset <= heard.offset {
            return false
        }
        switch outbox.offer(frame, socketTakesMore: encoder.channel.isWritable, now: now) {
        case .write:
            encoder.write(NIOAny(session.subscription.bytes(of: frame)), promise: nil)
            defer { isFlushDue = true }
            return !isFlushDue
        case .kept: break
        case .overflow: close(.tooSlow)
        }
        return false
    }

    func flush() {
        isFlushDue = false
        encoder?.flush()
    }

    /// Tells the client that it must fetch anew.
    func resync() {
        guard isMember else { return }
        encoder?.writeAndFlush(NIOAny(ServerFrame.resync), promise: nil)
    }

    func close(_ code: RelayCloseCode) {
        guard let context else { return }
        perform(session.close(code, now: context.eventLoop.now))
    }

    // MARK: Carrying out

    private func perform(_ actions: [RelaySession.Action]) {
        for action in actions {
            switch action {
            case .verify(let token): verify(token)
            case .join: isMember = true
            case .recover(let position): recover(from: position)
            case .countRefusals(let count): hub.refused(count)
            case .send(let frame): encoder?.writeAndFlush(NIOAny(frame), promise: nil)
            case .leave:
                isMember = false
                outbox.discard()
            case .hangUp: hangUp()
            case .abort: abort()
            }
        }
        tellTopics()
        armTimer()
    }

    /// Compares sets that are mostly one and the same: that costs nothing.
    private func tellTopics() {
        let new = isMember ? session.subscription.topics : []
        guard new != topics, let context else { return }
        hub.moved(self, on: context.eventLoop, from: topics, to: new)
        topics = new
    }

    private func recover(from position: RelayPosition?) {
        guard let encoder, let now = context?.eventLoop.now else { return }
        let subscription = session.subscription
        let recovery = hub.recovery(from: position, hears: subscription.hears)
        // What waits is in the history too, and comes in its place.
        if position != nil { outbox.discard() }
        encoder.write(NIOAny(ServerFrame.subscribed(subscription.topics, recovery)), promise: nil)
        if recovery.isComplete, position != nil {
            heard = nil
            for frame in recovery.frames { _ = deliver(frame, now: now) }  // Flushed below in any case.
            heard = recovery.end
        }
        flush()
    }

    private func drainOutbox() {
        guard let encoder, !outbox.isEmpty else { return }
        while encoder.channel.isWritable, let frame = outbox.next() {
            encoder.write(NIOAny(session.subscription.bytes(of: frame)), promise: nil)
        }
        encoder.flush()
    }

    /// A promise on an empty write: it is kept once everything before it has left, or failed when it cannot.
    private func hangUp() {
        guard let encoder else { return }
        let channel = encoder.channel
        encoder.writeAndFlush(NIOAny(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }

    /// The kernel would go on sending to a peer that takes a byte now and then, and keep its bytes for hours.
    private func abort() {
        guard let channel = context?.channel else { return }
        let reset = (channel as? any SocketOptionProvider)?
            .unsafeSetSocketOption(level: .socket, name: .so_linger, value: Linger())
        // Where it cannot be set, an ordinary close is what is left.
        guard let reset else { return channel.close(promise: nil) }
        reset.whenComplete { _ in channel.close(promise: nil) }
    }

    private func verify(_ token: String) {
        guard let context else { return }
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let verifier = self.verifier, epoch = hub.accessEpoch
        context.eventLoop.makeFutureWithTask { await verifier(token) }.whenSuccess { identity in
            let handler = handler.value
            guard let now = handler.context?.eventLoop.now else { return }
            handler.perform(handler.session.verified(identity, now: now))
            // Judged by what was so before a review that did not see it: it may come again.
            if handler.hub.accessEpoch != epoch { handler.close(.goingAway) }
        }
    }

    /// One timer per socket, moved only when the next deadline moves closer; waking early is harmless.
    private func armTimer() {
        guard let context, let deadline = session.nextDeadline else { return }
        if let timer, timer.deadline <= deadline { return }
        timer?.task.cancel()
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: deadline) {
            let handler = handler.value
            handler.timer = nil
            guard let now = handler.context?.eventLoop.now else { return }
            handler.perform(handler.session.timePassed(now: now))
        }
        timer = (deadline, task)
    }
}

/// C's `struct linger`, in its layout: a close throws away what was not sent, and the peer hears of a reset.
private struct Linger {
    var isOn: CInt = 1
    var seconds: CInt = 0
}

extension RelaySession.Frame {
    /// Takes NIO's frame apart and unmasks it.
    fileprivate init(_ frame: WebSocketFrame) {
        let kind: Kind =
            switch frame.opcode {
            case .text: .text
            case .binary: .binary
            case .continuation: .continuation
            case .ping: .ping
            case .pong: .pong
            case .connectionClose: .close
            default: .reserved
            }
        self.init(
            kind: kind, isFinal: frame.fin, isMasked: frame.maskKey != nil,
            hasReservedBits: frame.rsv1 || frame.rsv2 || frame.rsv3, payload: frame.unmaskedData)
    }
}
