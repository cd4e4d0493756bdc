import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Opens the channel of one attempt: asks the sentinels where, connects, and puts TLS in between.
///
/// Lives on one event loop.
final class Dialer {
    /// Where a channel goes, and its channel.
    struct Call {
        let channel: any Channel
        let place: RedisURL.Address
    }

    private let url: RedisURL
    private let options: RedisOptions
    private let eventLoop: any EventLoop
    /// Nil before the first attempt, and after one that failed by TLS: renewed files are read again.
    private var tlsContext: NIOSSLContext?

    init(url: RedisURL, options: RedisOptions, eventLoop: any EventLoop) {
        self.url = url
        self.options = options
        self.eventLoop = eventLoop
    }

    /// Opens a channel with the given handler at its end.
    ///
    /// Fails with a `RedisError` where trying again would not help, else with whatever went wrong.
    func dial(_ handler: @escaping @Sendable (RedisURL.Address) -> any ChannelHandler) -> EventLoopFuture<Call> {
        switch url.address {
        case .tcp, .unix: return connect(to: url.address, handler)
        case .sentinel(let sentinels):
            let query = SentinelQuery(sentinels, dialer: self, eventLoop: eventLoop)
            return query.master().assumeIsolated().flatMap { [self] place in
                connect(to: .tcp(host: place.host, port: place.port), handler)
            }.nonisolated()
        }
    }

    /// One plain question to one server; the channel is closed with the answer.
    func ask(
        _ place: RedisPlace, _ commands: [RedisCommand], within deadline: Duration
    ) -> EventLoopFuture<[RedisValue]> {
        let answer = eventLoop.makePromise(of: [RedisValue].self)
        let maximumReplyBytes = 1 << 20
        let call = connect(to: .tcp(host: place.host, port: place.port)) { _ in
            DialogueHandler(commands: commands, answer: answer, maximumReplyBytes: maximumReplyBytes)
        }
        call.whenFailure { answer.fail($0) }
        let timer = eventLoop.scheduleTask(in: TimeAmount(deadline)) {
            answer.fail(ChannelError.connectTimeout(.seconds(0)))
        }
        answer.futureResult.assumeIsolated().whenComplete { _ in
            timer.cancel()
            call.assumeIsolated().whenSuccess { $0.channel.close(promise: nil) }
        }
        return answer.futureResult
    }

    /// A failed handshake may be the fault of a certificate that has been renewed on disk since.
    func forgetTLS() { tlsContext = nil }

    private func connect(
        to place: RedisURL.Address, _ handler: @escaping @Sendable (RedisURL.Address) -> any ChannelHandler
    ) -> EventLoopFuture<Call> {
        let context: NIOSSLContext?
        do { context = try tls() } catch { return eventLoop.makeFailedFuture(error) }
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(options.connectDeadline))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: Self.serverName(of: place)))
                    }
                    try pipeline.addHandler(handler(place))
                }
            }
        let channel =
            switch place {
            case .tcp(let host, let port): keptAlive(bootstrap).connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .sentinel:
                eventLoop.makeFailedFuture(ChannelError.operationUnsupported) as EventLoopFuture<any Channel>
            }
        return channel.map { Call(channel: $0, place: place) }
    }

    private func tls() throws(RedisError) -> NIOSSLContext? {
        guard let tls = url.tls else { return nil }
        if let tlsContext { return tlsContext }
        let made = try TLSContext.make(tls)
        tlsContext = made
        return made
    }

    /// TLS has no server names that are addresses; NIO then compares the address itself with the certificate.
    private static func serverName(of place: RedisURL.Address) -> String? {
        guard case .tcp(let host, let port) = place else { return nil }
        return (try? SocketAddress(ipAddress: host, port: port)) == nil ? host : nil  // fails for names, as it should
    }

    /// A peer that vanished without a word is noticed by the kernel, also while nothing is asked.
    ///
    /// 10 s of silence, then three questions 2 s apart; whatever was sent is acknowledged within 10 s, or it is over.
    private func keptAlive(_ bootstrap: ClientBootstrap) -> ClientBootstrap {
        var bootstrap = bootstrap.channelOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
            let options = [
                (TCP_KEEPIDLE, 10), (TCP_KEEPINTVL, 2), (TCP_KEEPCNT, 3), (TCP_USER_TIMEOUT, 10_000),
            ]
            for (name, value) in options {
                let option = NIOBSDSocket.Option(rawValue: name)
                bootstrap = bootstrap.channelOption(.tcpOption(option), value: value)
            }
        #endif
        return bootstrap
    }
}

/// Sends its commands when the channel is up, and keeps the promise with as many replies.
final class DialogueHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let commands: [RedisCommand]
    private let answer: EventLoopPromise<[RedisValue]>
    private let reader: ReplyReader
    private var replies: [RedisValue] = []

    init(commands: [RedisCommand], answer: EventLoopPromise<[RedisValue]>, maximumReplyBytes: Int) {
        self.commands = commands
        self.answer = answer
        reader = ReplyReader(maximumReplyBytes: maximumReplyBytes)
    }

    func channelActive(context: ChannelHandlerContext) {
        var bytes = ByteBuffer()
        for command in commands { bytes.writeCommand(command) }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            try reader.feed(unwrapInboundIn(data)) { reply in
                replies.append(reply)
                return replies.count < commands.count
            }
        } catch { return answer.fail(error) }
        if replies.count == commands.count { answer.succeed(replies) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(ChannelError.eof)  // changes nothing if it has answered
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}
