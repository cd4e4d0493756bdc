import NIOCore
import Synchronization

/// The sockets of one event loop, and the frames on their way to them.
///
/// Publishing costs one hop per loop, not per socket; messages that arrive before the loop gets there share
/// the hop and each socket's flush.
final class EventLoopLane: Sendable {
    /// Touched on the loop only.
    final class Roster {
        typealias Handlers = [ObjectIdentifier: RelaySessionHandler]

        private(set) var handlers: Handlers = [:]
        /// By topic, so that an event costs those who hear it and nobody else: thousands of pages may each have a task of
        /// their own open.
        private(set) var listeners: [String: Handlers] = [:]

        func add(_ handler: RelaySessionHandler) { handlers[ObjectIdentifier(handler)] = handler }

        /// Its topics must have been taken away.
        func remove(_ handler: RelaySessionHandler) { handlers[ObjectIdentifier(handler)] = nil }

        func move(_ handler: RelaySessionHandler, from old: Set<String>, to new: Set<String>) {
            for topic in old where !new.contains(topic) {
                listeners[topic]?[ObjectIdentifier(handler)] = nil
                if listeners[topic]?.isEmpty == true { listeners[topic] = nil }
            }
            for topic in new where !old.contains(topic) {
                listeners[topic, default: [:]][ObjectIdentifier(handler)] = handler
            }
        }

        /// Whoever hears one of the event's topics, each once.
        func forEachListener(of frame: EventFrame, _ body: (RelaySessionHandler) -> Void) {
            for (index, topic) in frame.topics.enumerated() {
                // A snapshot: a handler that closes may leave the roster meanwhile.
                guard let handlers = listeners[topic]?.values else { continue }
                for handler in handlers where !handler.hears(anyOf: frame.topics[..<index]) { body(handler) }
            }
        }
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
        let roster = roster.value
        guard !batch.overran else {
            // A snapshot, as above.
            return Array(roster.handlers.values).forEach { $0.close(.overloaded) }
        }
        let now = loop.now
        var reached: [RelaySessionHandler] = []
        for frame in batch.frames {
            roster.forEachListener(of: frame) { handler in
                if handler.deliver(frame, now: now) { reached.append(handler) }
            }
        }
        for handler in reached { handler.flush() }
    }
}
