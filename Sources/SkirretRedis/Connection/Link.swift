import Logging
import NIOCore

/// Who uses a link.
///
/// All calls come on the link's event loop.
protocol LinkOwner: AnyObject {
    /// Whether a connection is worth making.
    var wantsConnection: Bool { get }
    func linkIsReady()
    func linkReceived(_ reply: RedisValue)
    /// All replies of one read were handed over.
    func linkReceivedBurst()
    /// A connection that was ready is gone.
    func linkIsLost(_ error: RedisError)
    /// `isFinal`: no further attempt will help unless somebody mends what the error names.
    func linkCouldNotConnect(_ error: RedisError, isFinal: Bool)
}

/// Makes and remakes the connection that its owner sends over.
///
/// Lives on one event loop.
///
/// `ConnectionState` decides; here are the channel and the timers.
final class Link {
    let url: RedisURL
    let options: RedisOptions
    let eventLoop: any EventLoop
    /// Numbers the connections, so that late news of an old one is recognised.
    private(set) var generation = 0
    /// Why the last attempt failed; waiting callers are told when their time is up.
    private(set) var lastFailure: RedisError?

    private var owner: (any LinkOwner)?
    private var state = ConnectionState()
    private var channel: (any Channel)?
    /// Where the present connection goes.
    private var peer: RedisURL.Address?
    private var greeting: Greeting
    /// The end of the present attempt, or of the present rest.
    private var timer: Scheduled<Void>?
    private var readySince = NIODeadline.uptimeNanoseconds(0)
    private let dialer: Dialer
    private let watch: MasterWatch?
    private let logger: Logger

    /// A connection that was given up sooner than this was no use.
    private static let useful = TimeAmount.seconds(5)

    init(url: RedisURL, options: RedisOptions, eventLoop: any EventLoop, logger: Logger) {
        self.url = url
        self.options = options
        self.eventLoop = eventLoop
        var logger = logger
        logger[metadataKey: "redis"] = "\(url.address)"
        self.logger = logger
        greeting = Greeting(url: url, clientName: options.clientName)
        dialer = Dialer(url: url, options: options, eventLoop: eventLoop)
        watch = MasterWatch(url, dialer: dialer, eventLoop: eventLoop)
    }

    /// The owner is held until `close`.
    func start(for owner: any LinkOwner) {
        self.owner = owner
    }

    var isReady: Bool { state.phase == .ready }
    var isRetiring: Bool { state.phase == .retiring }
    var attempt: Int { state.attempt }
    /// For messages: where the connection goes, or whither it should.
    var place: String {
        guard case .sentinel(let sentinels) = url.address, let peer else { return (peer ?? url.address).description }
        return "\(peer) (master \(sentinels.master))"
    }

    /// Asks for a connection; says `linkIsReady` when there is one.
    func demand() {
        perform(state.demand())
    }

    func send(_ bytes: ByteBuffer) {
        channel?.writeAndFlush(bytes, promise: nil)
    }

    /// Lets the present connection answer what it was asked and no more; the owner then abandons it.
    func retire(because error: RedisError) {
        guard isReady else { return }
        report(.away, error)
        lastFailure = error
        state.retire(wasUseful: .now() - readySince > Self.useful)
    }

    /// Gives up the present connection.
    func abandonConnection(_ error: RedisError) {
        connectionEnded(generation, because: error)
    }

    /// Ends the link for good.
    func close() -> EventLoopFuture<Void> {
        state.close()
        timer?.cancel()
        watch?.stop()
        owner = nil
        generation += 1
        guard let channel else { return eventLoop.makeSucceededVoidFuture() }
        self.channel = nil
        channel.close(promise: nil)
        return channel.closeFuture
    }

    private func perform(_ step: ConnectionState.Step) {
        switch step {
        case .nothing: break
        case .connect: connect()
        case .rest(let attempt): rest(attempt)
        }
    }

    private func rest(_ attempt: Int) {
        let pause = Backoff(bounds: options.reconnectPause).pause(after: attempt, jitter: .random(in: 0.5...1))
        timer?.cancel()
        timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) { [self] in
            perform(state.rested(isWanted: owner?.wantsConnection ?? false))
        }
    }

    private func report(_ news: OutageThrottle.News, _ error: RedisError? = nil) {
        let metadata: Logger.Metadata = error.map { ["error": "\($0)"] } ?? [:]
        OutageLog.shared.hear(news, of: url.address.description, logger, metadata, on: eventLoop)
    }
}

// MARK: - One attempt

extension Link {
    private func connect() {
        generation += 1
        let generation = generation
        let deadline = options.connectDeadline
        peer = nil
        timer?.cancel()
        timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) { [self] in
            attemptFailed(generation, silence(deadline), isFinal: false)
        }
        let link = NIOLoopBound(self, eventLoop: eventLoop)
        let maximumReplyBytes = options.maximumReplyBytes
        let call = dialer.dial { place in
            link.value.peer = place
            return ReplyHandler(link: link.value, generation: generation, maximumReplyBytes: maximumReplyBytes)
        }
        call.assumeIsolated().whenComplete { [self] outcome in
            switch outcome {
            case .success(let call): connected(generation, call.channel)
            case .failure(let error as RedisError): attemptFailed(generation, error, isFinal: error.isFinal)
            case .failure(let error):
                attemptFailed(generation, unreachable(FailureText.of(error)), isFinal: false)
            }
        }
    }

    private func connected(_ generation: Int, _ channel: any Channel) {
        guard generation == self.generation, state.phase == .connecting else {
            return channel.close(promise: nil)  // its attempt has already been given up
        }
        self.channel = channel
        state.connected()
        greeting = Greeting(url: url, clientName: options.clientName)
        var bytes = ByteBuffer()
        for command in greeting.commands { bytes.writeCommand(command) }
        channel.writeAndFlush(bytes, promise: nil)
    }

    private func attemptFailed(_ generation: Int, _ error: RedisError, isFinal: Bool) {
        guard generation == self.generation, state.phase == .connecting || state.phase == .greeting else { return }
        report(.away, error)
        logger.debug("an attempt to connect to Redis failed", metadata: ["error": "\(error)"])
        lastFailure = error
        if error.code == .tls { dialer.forgetTLS() }
        dropChannel()
        let step = state.disconnected()
        owner?.linkCouldNotConnect(error, isFinal: isFinal)
        perform(step)
    }

    private func unreachable(_ cause: String) -> RedisError {
        // A Redis that speaks TLS only hangs up on plain words.
        let isHungUp = state.phase == .greeting && !url.usesTLS
        return RedisError(
            .unreachable, "cannot reach Redis at \(place) (\(cause), attempt \(state.attempt))",
            hint: isHungUp
                ? "Is it a Redis? One that speaks TLS on this port is named by rediss://."
                : "Is it running, and does the Redis URL name it?")
    }

    private func silence(_ deadline: Duration) -> RedisError {
        guard state.phase == .greeting else { return unreachable("no connection within \(deadline)") }
        guard url.usesTLS else { return unreachable("connected, but it says nothing within \(deadline)") }
        // A plain Redis takes the handshake for the beginning of a long line and waits for its end.
        return RedisError(
            .unreachable,
            "cannot reach Redis at \(place) (no answer to the TLS handshake within \(deadline), attempt \(state.attempt))",
            hint: "Is it running, and does it speak TLS on this port? A plain Redis is named by redis://.")
    }

    private func dropChannel() {
        generation += 1
        watch?.stop()
        channel?.close(promise: nil)
        channel = nil
    }
}

// MARK: - What the channel tells

extension Link {
    func received(_ reply: RedisValue) {
        guard state.phase == .greeting else {
            owner?.linkReceived(reply)
            return
        }
        switch greeting.heard(reply) {
        case .more: break
        case .ready: greeted()
        case .refused(let error, let isFinal):
            let placed = RedisError(
                error.code, "Redis at \(place) refuses us (\(error.message), attempt \(attempt))",
                hint: error.hint)
            attemptFailed(generation, placed, isFinal: isFinal)
        }
    }

    private func greeted() {
        timer?.cancel()
        report(.back)
        lastFailure = nil
        state.greeted()
        readySince = .now()
        if case .tcp(let host, let port)? = peer {
            watch?.start(master: RedisPlace(host: host, port: port)) { [self] newer in
                abandonConnection(.closed("the master moved from \(place) to \(newer)"))
            }
        }
        owner?.linkIsReady()
    }

    func receivedBurst() {
        owner?.linkReceivedBurst()
    }

    /// The connection closed, broke, or is not worth keeping.
    func connectionEnded(_ generation: Int, because error: RedisError) {
        guard generation == self.generation else { return }
        switch state.phase {
        case .connecting, .greeting:
            let isTyped = error.code == .protocolViolation || error.code == .tls
            attemptFailed(generation, isTyped ? error : unreachable(error.message), isFinal: error.isFinal)
        case .ready, .retiring:
            report(.away, error)
            logger.debug("the connection to Redis is gone", metadata: ["error": "\(error)"])
            if state.phase == .ready { lastFailure = error }
            dropChannel()
            let step = state.disconnected()
            owner?.linkIsLost(error)
            perform(step)
        case .idle, .resting, .closed: break
        }
    }
}

extension RedisError {
    /// Another attempt fails the same way until somebody changes something.
    fileprivate var isFinal: Bool { code == .tls || code == .authentication || code == .invalidURL }
}
