import NIOCore
import Synchronization

/// The sockets of one event loop, and the frames on their way to them.
///
/// Publishing costs one hop per loop, not per socket; messages that arrive before the loop gets there share
/// the hop and each socket's flush.
final class EventLoopLane: Sendable {
    /// Touched on the loop only.
    final class Roster {
        var handlers: [ObjectIdentifier: RelaySessionHandler] = [:]
    }

    private struct Mailbox {
        var frames: [EventFrame] = []
        var bytes = 0
        var overran = false
    }

    let loop: any EventLoop
    let roster: NIOLoopBound<Roster>
    private let mailbox = Mutex(Mailbox())
    private let mailboxLimit: Int

    /// Call on the loop.
    init(loop: any EventLoop, mailboxLimit: Int) {
        self.loop = loop
        self.roster = NIOLoopBound(Roster(), eventLoop: loop)
        self.mailboxLimit = mailboxLimit
    }

    /// Hands a frame to the loop.
    ///
    /// Never blocks, from any thread, in order.
    func post(_ frame: EventFrame) {
        let mustWake = mailbox.withLock { mailbox in
            let wasEmpty = mailbox.frames.isEmpty && !mailbox.overran
            if mailbox.bytes + frame.bytes.readableBytes > mailboxLimit { mailbox.overran = true }
            guard !mailbox.overran else { return wasEmpty }
            mailbox.frames.append(frame)
            mailbox.bytes += frame.bytes.readableBytes
            return wasEmpty
        }
        if mustWake { loop.execute { self.deliver() } }
    }

    private func deliver() {
        let batch = mailbox.withLock { mailbox in
            defer { mailbox = Mailbox() }
            return mailbox
        }
        // Snapshot: a handler that closes may leave the roster meanwhile.
        let handlers = Array(roster.value.handlers.values)
        guard !batch.overran else { return handlers.forEach { $0.close(.overloaded) } }
        let now = loop.now
        for handler in handlers {
            for frame in batch.frames { handler.deliver(frame, now: now) }
            handler.flush()
        }
    }
}
