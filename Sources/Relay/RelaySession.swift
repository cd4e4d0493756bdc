import NIOCore

/// One socket, from the upgrade to its end.
///
///     awaiting ── token ──▶ verifying ── good ──▶ open ──┐
///        │  5 s               │  bad, or 5 s       │     │ goodbye, revoked, expired, slow, silent, rude
///        └────────────────────┴────────────────────┴─────┴──▶ closing ── answered ──▶ leaving ──▶ gone
///                                                                └────────── 2 s ──────┴──────────▲
///
/// Holds no clock, no channel, no timer: it is told what happened and when, and says what to do.
/// The handler asks ``nextDeadline`` after every call and comes back with ``timePassed(now:)``.
struct RelaySession {
    enum Action: Equatable {
        /// Find out whose token this is, then call ``verified(_:now:)``.
        case verify(token: String)
        /// Events are for this client from here on.
        case join
        /// Tell the client of its topics, and send what it has missed since this place.
        case recover(from: RelayPosition?)
        /// Count topics that were asked for in vain.
        case countRefusals(Int)
        /// Write an encoded frame, ahead of any event that waits.
        case send(ByteBuffer)
        /// No more events; drop those that wait.
        case leave
        /// Drop the connection once what was sent is flushed.
        case hangUp
        /// Drop the connection now, with all that the peer has not taken of it.
        case abort
    }

    /// A client's frame, unmasked.
    struct Frame {
        enum Kind { case text, binary, continuation, ping, pong, close, reserved }
        var kind: Kind
        var isFinal = true
        var isMasked = true
        var hasReservedBits = false
        var payload: ByteBuffer
    }

    private enum State: Equatable {
        case awaiting(until: NIODeadline)
        case verifying(until: NIODeadline)
        case open(RelayIdentity, until: NIODeadline)
        case closing(until: NIODeadline)
        /// Both have said goodbye; the last bytes are on their way.
        case leaving(until: NIODeadline)
        case gone
    }

    private var state: State
    private let limits: RelayLimits
    private var budget: FrameBudget
    private var nextPing: NIODeadline
    private var pongDue: NIODeadline?
    /// The beginning of a fragmented message, and whether it is text.
    private var partial: (text: Bool, bytes: ByteBuffer)?
    /// What the client wants to hear.
    private(set) var subscription = Subscription()
    /// Why we closed, for the log and the counters.
    private(set) var closeCode: RelayCloseCode?

    init(limits: RelayLimits, now: NIODeadline) {
        self.limits = limits
        self.state = .awaiting(until: now + TimeAmount(limits.authenticationDeadline))
        self.budget = FrameBudget(perSecond: limits.inboundFramesPerSecond, burst: limits.inboundBurst, now: now)
        self.nextPing = now + TimeAmount(limits.pingInterval)
    }

    /// Who is at the other end, while the socket is open.
    var identity: RelayIdentity? {
        guard case .open(let identity, _) = state else { return nil }
        return identity
    }

    /// Whether this is the name of the credential that opened the socket, or of its owner, while it is open.
    func answers(to name: String) -> Bool {
        identity.map { $0.credential == name || $0.owner == name } ?? false
    }

    /// When ``timePassed(now:)`` has something to say next.
    ///
    /// Nil: never again.
    var nextDeadline: NIODeadline? {
        switch state {
        case .awaiting(let until), .verifying(let until), .closing(let until), .leaving(let until): until
        case .open(_, let until): min(until, pongDue ?? nextPing)
        case .gone: nil
        }
    }

    // MARK: What can happen

    /// The answer to `verify`; also called at once for a client whose upgrade request carried a credential.
    mutating func verified(_ identity: RelayIdentity?, now: NIODeadline) -> [Action] {
        switch state {
        case .awaiting, .verifying:
            guard let identity else { return close(.unauthenticated, now: now) }
            state = .open(identity, until: identity.validFor.map { now + TimeAmount($0) } ?? .distantFuture)
            nextPing = now + TimeAmount(limits.pingInterval)
            return [.send(ServerFrame.established), .join]
        case .open, .closing, .leaving, .gone:
            return []
        }
    }

    /// One frame from the client.
    mutating func received(_ frame: Frame, now: NIODeadline) -> [Action] {
        switch state {
        case .leaving, .gone:
            return []
        case .closing(let until):
            return frame.kind == .close ? hangUp(until: until) : []
        case .awaiting, .verifying, .open:
            pongDue = nil
            guard frame.isMasked, !frame.hasReservedBits else { return close(.protocolError, now: now) }
            guard budget.spend(now: now) else { return close(.tooManyFrames, now: now) }
            return act(on: frame, now: now)
        }
    }

    /// The clock reached ``nextDeadline``, or went past it.
    mutating func timePassed(now: NIODeadline) -> [Action] {
        switch state {
        case .awaiting(let until) where now >= until, .verifying(let until) where now >= until:
            return close(.unauthenticated, now: now)
        case .closing(let until) where now >= until, .leaving(let until) where now >= until:
            state = .gone
            return [.leave, .abort]
        case .open(_, let until):
            if now >= until { return close(.unauthenticated, now: now) }
            if let pongDue { return now >= pongDue ? close(.silent, now: now) : [] }
            guard now >= nextPing else { return [] }
            pongDue = now + TimeAmount(limits.pongDeadline)
            nextPing = now + TimeAmount(limits.pingInterval)
            return [.send(ServerFrame.ping)]
        case .awaiting, .verifying, .closing, .leaving, .gone:
            return []
        }
    }

    /// Ends the session from our side.
    ///
    /// Does nothing when it is ending already.
    mutating func close(_ code: RelayCloseCode, now: NIODeadline) -> [Action] {
        switch state {
        case .closing, .leaving, .gone:
            return []
        case .awaiting, .verifying, .open:
            closeCode = code
            partial = nil
            state = .closing(until: now + TimeAmount(limits.closeDeadline))
            return [.leave, .send(ServerFrame.close(code))]
        }
    }

    /// The connection is gone, whoever ended it.
    mutating func disconnected() -> [Action] {
        guard state != .gone else { return [] }
        state = .gone
        return [.leave]
    }

    // MARK: What to do about it

    private mutating func act(on frame: Frame, now: NIODeadline) -> [Action] {
        switch frame.kind {
        case .ping:
            return [.send(ServerFrame.pong(frame.payload))]
        case .pong:
            return []
        case .close:
            let goodbye = close(.normal, now: now)
            return goodbye + hangUp(until: now + TimeAmount(limits.closeDeadline))
        case .reserved:
            return close(.protocolError, now: now)
        case .text, .binary, .continuation:
            return assemble(frame, now: now)
        }
    }

    private mutating func assemble(_ frame: Frame, now: NIODeadline) -> [Action] {
        var (isText, bytes) = partial ?? (frame.kind == .text, ByteBuffer())
        guard (frame.kind == .continuation) == (partial != nil) else { return close(.protocolError, now: now) }
        guard bytes.readableBytes + frame.payload.readableBytes <= limits.inboundFrameBytes else {
            return close(.tooBig, now: now)
        }
        bytes.writeImmutableBuffer(frame.payload)
        guard frame.isFinal else {
            partial = (isText, bytes)
            return []
        }
        partial = nil
        guard isText else { return answer(.unknown) }
        guard let text = String(validating: bytes.readableBytesView, as: UTF8.self) else {
            return close(.invalidText, now: now)
        }
        return answer(ClientMessage(parsing: text))
    }

    private mutating func answer(_ message: ClientMessage) -> [Action] {
        switch (message, state) {
        case (.authenticate(let token), .awaiting(let until)):
            state = .verifying(until: until)
            return [.verify(token: token)]
        case (.authenticate, _):
            return []
        case (.subscribe(let topics, let position), .open(let identity, _)):
            let refusal = subscription.add(topics, for: identity)
            let refused = refusal.map { refusal in
                [
                    .send(ServerFrame.refusal(of: refusal.refused, refusal.why)),
                    .countRefusals(refusal.why == .tooMany ? topics.count : refusal.refused.count),
                ] as [Action]
            }
            return (refused ?? []) + [.recover(from: position)]
        case (.unsubscribe(let topics), .open):
            subscription.remove(topics)
            return [.recover(from: nil)]
        case (.unknown, .open):
            return [.send(Self.notUnderstood)]
        case (.subscribe, _), (.unsubscribe, _), (.unknown, _):
            return [.send(Self.whoAreYou)]
        }
    }

    /// The peer has heard everything it waited for; it has until then to take what is still on its way.
    private mutating func hangUp(until: NIODeadline) -> [Action] {
        state = .leaving(until: until)
        return [.leave, .hangUp]
    }

    private static let notUnderstood = ServerFrame.refusal(
        code: "unknown_message", message: "Nothing here knows this message type; see the API description.")
    private static let whoAreYou = ServerFrame.refusal(
        code: "authentication_required", message: "Send {'type':'auth','token':'…'} first.")
}
