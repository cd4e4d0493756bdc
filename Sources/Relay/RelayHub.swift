public import Logging
public import NIOCore
import NIOPosix
import NIOWebSocket
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Fans events out to every socket that may see them.
///
/// An event is framed once, whoever and however many listen; a listener costs at most
/// ``RelayLimits/queueBytes`` of references to shared frames, and is cut when it falls further behind.
public final class RelayHub: Sendable {
    /// The limits each socket lives under.
    public let limits: RelayLimits
    private let logger: Logger
    private let lanes = Mutex<[ObjectIdentifier: EventLoopLane]>([:])
    private let isStopping = Atomic(false)
    private let epoch = Atomic(0)
    private let counters = RelayCounters()
    private let history: Mutex<RelayHistory>

    /// Makes a hub without sockets.
    ///
    /// It owns no event loop and no task: nothing to start.
    public init(limits: RelayLimits = .init(), logger: Logger) {
        self.limits = limits
        self.logger = logger
        self.history = Mutex(RelayHistory(limits: limits))
    }

    /// What happened so far, for metrics.
    public var statistics: RelayStatistics { counters.snapshot }

    /// Sends an event to everybody who hears one of its topics.
    ///
    /// Returns at once; events arrive in the order of the calls.
    public func publish(_ message: RelayMessage) {
        let frame = EventFrame(message)
        counters.published.add(1, ordering: .relaxed)
        // Under the lock, so that a client that comes back finds each event in the history or hears of it, or both.
        history.withLock { history in
            history.add(frame)
            for lane in lanes.withLock({ Array($0.values) }) { lane.post(frame) }
        }
    }

    /// Takes events for known that happened before this hub was there, so that clients can ask for them.
    ///
    /// - Parameters:
    ///   - messages: In order, without gaps, up to the newest.
    ///   - start: A place after which none is missing.
    public func remember(_ messages: [RelayMessage], after start: RelayPosition) {
        let frames = messages.map(EventFrame.init)
        history.withLock { history in
            history.begin(at: start)
            for frame in frames { history.add(frame) }
        }
    }

    /// Says that events were missed after which nobody can be brought up to date: all clients fetch anew.
    ///
    /// - Parameter position: Where the history goes on.
    public func missed(upTo position: RelayPosition) {
        history.withLock { $0.begin(at: position) }
        for lane in lanes.withLock({ Array($0.values) }) {
            lane.loop.execute {
                for handler in Array(lane.roster.value.handlers.values) { handler.resync() }
            }
        }
    }

    /// Adopts a socket.
    ///
    /// Call on its event loop, in the WebSocket upgrade, after NIO's frame encoder and decoder are in place.
    ///
    /// - Parameters:
    ///   - channel: The upgraded channel; the hub closes it and never outlives it.
    ///   - identity: Who it is, when the upgrade request said so. Nil: the first frame must, within 5 s.
    ///   - admitted: The ``accessEpoch`` from before it was let in. When a review has begun since, which may not have
    ///     seen this socket, it is closed with 1001 and may come again.
    ///   - verify: Looks up the token of such a first frame.
    /// - Throws: When the channel closed meanwhile.
    public func adopt(
        _ channel: any Channel, identity: RelayIdentity?, admitted: Int? = nil,
        verify: @escaping @Sendable (String) async -> RelayIdentity?
    ) throws {
        let water = ChannelOptions.Types.WriteBufferWaterMark(
            low: limits.socketBufferBytes / 2, high: limits.socketBufferBytes)
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: water)
        let unsent = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: TCP_NOTSENT_LOWAT))
        // try?: a channel that is no TCP socket has no such option, and no such buffer.
        try? channel.syncOptions?.setOption(unsent, value: .init(limits.kernelBufferBytes))
        let isTooLate = isStopping.load(ordering: .acquiring)
        let handler = RelaySessionHandler(
            hub: self, limits: limits, identity: isTooLate ? nil : identity, verifier: verify)
        try channel.pipeline.syncOperations.addHandler(handler)
        // Asked now that reviews find the socket: whichever begins later sees it.
        let isOutdated = admitted.map { $0 != accessEpoch } ?? false
        if isTooLate || isOutdated { handler.close(.goingAway) }
    }

    /// Closes every socket that was opened with this credential, or by the owner of that name, with 4401.
    ///
    /// Returns when the loops have heard it.
    public func end(credential: String) async {
        epoch.add(1, ordering: .sequentiallyConsistent)
        await everywhere { handler in
            if handler.answers(to: credential) { handler.close(.unauthenticated) }
        }
    }

    /// Another one after each change of who may listen, see ``adopt(_:identity:admitted:verify:)``.
    public var accessEpoch: Int { epoch.load(ordering: .sequentiallyConsistent) }

    /// Judges everybody who listens anew, after it has changed who may.
    ///
    /// - Parameter judge: Told of all who listen; answers with the code for each whose sockets are to be closed.
    /// - Throws: What `judge` throws; no socket was closed then.
    public func review(
        _ judge: (Set<RelayIdentity>) async throws -> [RelayIdentity: RelayCloseCode]
    ) async throws {
        epoch.add(1, ordering: .sequentiallyConsistent)
        let found = Mutex<Set<RelayIdentity>>([])
        await everywhere { handler in
            if let listener = handler.listener { found.withLock { _ = $0.insert(listener) } }
        }
        let listeners = found.withLock { $0 }
        let verdicts = listeners.isEmpty ? [:] : try await judge(listeners)
        guard !verdicts.isEmpty else { return }
        await everywhere { handler in
            if let code = handler.listener.flatMap({ verdicts[$0] }) { handler.close(code) }
        }
    }

    /// Says goodbye (1001) to every socket and waits until all are closed, 2 s at most.
    ///
    /// New ones are turned away.
    public func shutdown() async {
        isStopping.store(true, ordering: .releasing)
        let channels = Mutex<[any Channel]>([])
        await everywhere { handler in
            handler.close(.goingAway)
            if let channel = handler.channel { channels.withLock { $0.append(channel) } }
        }
        // Every session hangs up by itself after its close deadline, so this wait ends.
        for channel in channels.withLock({ $0 }) {
            try? await channel.closeFuture.get()  // Closed with an error is closed.
        }
    }

    /// Whether any socket has asked for a topic by its name: what nobody hears need not be found out.
    ///
    /// Costs a visit of each loop.
    public func isHeard(_ topic: String) async -> Bool {
        for lane in lanes.withLock({ Array($0.values) }) {
            let visit = lane.loop.submit { lane.roster.value.listeners[topic] != nil }
            // Fails only when the loop has ended, and its sockets with it.
            if (try? await visit.get()) ?? false { return true }
        }
        return false
    }

    /// The topics that begin with these words and that any socket has asked for.
    ///
    /// Costs a visit of each loop, and a look at each topic that is heard there, however many hear it.
    public func heard(under prefix: String) async -> Set<String> {
        var found: Set<String> = []
        for lane in lanes.withLock({ Array($0.values) }) {
            let visit = lane.loop.submit { lane.roster.value.listeners.keys.filter { $0.hasPrefix(prefix) } }
            // Fails only when the loop has ended, and its sockets with it.
            found.formUnion((try? await visit.get()) ?? [])
        }
        return found
    }

    // MARK: What handlers ask and report, on their loop

    func recovery(from position: RelayPosition?, hears: (EventFrame) -> Bool) -> RelayHistory.Recovery {
        history.withLock { $0.recovery(from: position, hears: hears) }
    }

    func refused(_ topics: Int) { counters.refusedTopics.add(topics, ordering: .relaxed) }

    func connected(_ handler: RelaySessionHandler, on loop: any EventLoop) {
        lane(for: loop).roster.value.add(handler)
        counters.open.add(1, ordering: .relaxed)
    }

    func moved(_ handler: RelaySessionHandler, on loop: any EventLoop, from old: Set<String>, to new: Set<String>) {
        lane(for: loop).roster.value.move(handler, from: old, to: new)
    }

    func disconnected(_ handler: RelaySessionHandler, on loop: any EventLoop, code: RelayCloseCode?) {
        lane(for: loop).roster.value.remove(handler)
        counters.closed(code)
        guard let code, code != .normal, code != .goingAway else { return }
        logger.info("Closed a listener", metadata: ["code": "\(code.rawValue)", "reason": "\(code.reason)"])
    }

    private func lane(for loop: any EventLoop) -> EventLoopLane {
        lanes.withLock { lanes in
            if let lane = lanes[ObjectIdentifier(loop)] { return lane }
            let lane = EventLoopLane(loop: loop, mailboxLimit: limits.mailboxBytes)
            lanes[ObjectIdentifier(loop)] = lane
            return lane
        }
    }

    private func everywhere(_ body: @escaping @Sendable (RelaySessionHandler) -> Void) async {
        for lane in lanes.withLock({ Array($0.values) }) {
            let visit = lane.loop.submit {
                for handler in Array(lane.roster.value.handlers.values) { body(handler) }
            }
            try? await visit.get()  // Fails only when the loop has ended, and its sockets with it.
        }
    }
}
