import Logging
import NIOCore
import NIOPosix

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
    private var greeting: Greeting
    /// The end of the present attempt, or of the present rest.
    private var timer: Scheduled<Void>?
    private let logger: Logger

    init(url: RedisURL, options: RedisOptions, eventLoop: any EventLoop, logger: Logger) {
        self.url = url
        self.options = options
        self.eventLoop = eventLoop
        var logger = logger
        logger[metadataKey: "redis"] = "\(url.address)"
        self.logger = logger
        greeting = Greeting(url: url, clientName: options.clientName)
    }

    /// The owner is held until `close`.
    func start(for owner: any LinkOwner) {
        self.owner = owner
    }

    var isReady: Bool { state.phase == .ready }
    var isRetiring: Bool { state.phase == .retiring }
    var attempt: Int { state.attempt }

    /// Asks for a connection; says `linkIsReady` when there is one.
    func demand() {
        perform(state.demand())
    }

    func send(_ bytes: ByteBuffer) {
        channel?.writeAndFlush(bytes, promise: nil)
    }

    /// Lets the present connection answer what it was asked and no more; `finishRetiring` follows.
    func retire() {
        guard isReady else { return }
        logger.info("Redis is read-only, the connection will be made anew")
        state.retire()
    }

    /// Gives up the present connection.
    func abandonConnection(_ error: RedisError) {
        connectionEnded(generation, because: error)
    }

    /// Ends the link for good.
    func close() -> EventLoopFuture<Void> {
        state.close()
        timer?.cancel()
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
}

// MARK: - One attempt

extension Link {
    private func connect() {
        generation += 1
        let generation = generation
        let deadline = options.connectDeadline
        guard !url.usesTLS else {
            // Its place: an NIOSSLClientHandler in front of the ReplyHandler, in the channel initializer below.
            let error = RedisError(
                .unsupported, "\(url.address): TLS is not built in yet", hint: "Use redis:// on a network you trust.")
            return attemptFailed(generation, error, isFinal: true)
        }
        timer?.cancel()
        timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) { [self] in
            let how = state.phase == .greeting ? "connected, but it says nothing" : "no connection"
            attemptFailed(generation, unreachable("\(how) within \(deadline)"), isFinal: false)
        }
        open(generation).assumeIsolated().whenComplete { [self] outcome in
            switch outcome {
            case .success(let channel): connected(generation, channel)
            case .failure(let error):
                attemptFailed(generation, unreachable(FailureText.of(error)), isFinal: false)
            }
        }
    }

    private func open(_ generation: Int) -> EventLoopFuture<any Channel> {
        let link = NIOLoopBound(self, eventLoop: eventLoop)
        let maximumReplyBytes = options.maximumReplyBytes
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(options.connectDeadline))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ReplyHandler(link: link.value, generation: generation, maximumReplyBytes: maximumReplyBytes))
                }
            }
        switch url.address {
        case .tcp(let host, let port): return bootstrap.connect(host: host, port: port)
        case .unix(let path): return bootstrap.connect(unixDomainSocketPath: path)
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
        if state.attempt == 1 {
            logger.info("Redis cannot be reached, trying again", metadata: ["error": "\(error)"])
        } else {
            logger.debug("Redis cannot be reached, trying again", metadata: ["error": "\(error)"])
        }
        lastFailure = error
        dropChannel()
        let step = state.disconnected()
        owner?.linkCouldNotConnect(error, isFinal: isFinal)
        perform(step)
    }

    private func unreachable(_ cause: String) -> RedisError {
        RedisError(
            .unreachable, "cannot reach Redis at \(url.address) (\(cause), attempt \(state.attempt))",
            hint: "Is it running, and does the Redis URL name it?")
    }

    private func dropChannel() {
        generation += 1
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
                error.code, "Redis at \(url.address) refuses us (\(error.message), attempt \(attempt))",
                hint: error.hint)
            attemptFailed(generation, placed, isFinal: isFinal)
        }
    }

    private func greeted() {
        timer?.cancel()
        if state.attempt > 1 || lastFailure != nil { logger.info("Redis is back") }
        lastFailure = nil
        state.greeted()
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
            let error = error.code == .protocolViolation ? error : unreachable(error.message)
            attemptFailed(generation, error, isFinal: false)
        case .ready, .retiring:
            logger.info("The connection to Redis is gone", metadata: ["error": "\(error)"])
            lastFailure = error
            dropChannel()
            let step = state.disconnected()
            owner?.linkIsLost(error)
            perform(step)
        case .idle, .resting, .closed: break
        }
    }
}
