import NIOCore
import NIOPosix
public import SkirretRedis
import Synchronization

/// A bad network between a client and a Redis: it delays, swallows, cuts off and refuses on demand.
///
///     try await FaultProxy.withProxy(to: server.url) { proxy in
///         let redis = RedisClient(proxy.url)
///         proxy.faults.losesAnswers = true      // one-way loss: requests arrive, answers do not
///         …
///         proxy.faults = .none                  // healed, for connections made from now on and for those that live
///     }
///
/// What was swallowed is gone for good, so a connection that lost bytes stays broken; a client must make a new one.
/// Listens on a free port of the loopback interface. TLS passes through unread.
public final class FaultProxy: Sendable {
    /// What the network does at the moment.
    public struct Faults: Sendable, Hashable {
        /// How long each piece takes on its way, in both directions.
        ///
        /// Zero.
        public var delay: Duration = .zero
        /// What clients say never arrives.
        public var losesRequests = false
        /// What the server says never arrives.
        public var losesAnswers = false
        /// Each connection is cut after so many bytes of answers, wherever in a reply that is; nil cuts none.
        public var cutsAfterAnswerBytes: Int?
        /// New connections are accepted and closed at once.
        public var refusesConnections = false

        /// A network without faults.
        public static let none = Faults()

        /// A network without faults.
        public init() {}
    }

    private struct State {
        var faults = Faults.none
        var open: [ObjectIdentifier: any Channel] = [:]
        var accepted = 0
    }

    /// The server's URL, but by way of this proxy.
    public let url: RedisURL
    private let target: RedisURL.Address
    private let listener: any Channel
    private let state: Box

    /// Shared with the listener, which exists before the proxy does.
    private final class Box: Sendable {
        let value = Mutex(State())
    }

    private init(url: RedisURL, target: RedisURL.Address, listener: any Channel, state: Box) {
        self.url = url
        self.target = target
        self.listener = listener
        self.state = state
    }

    /// Runs the body with a proxy in front of a server; a Sentinel's URL cannot be proxied.
    ///
    /// - Throws: what the body throws, or why no port could be listened on.
    public static func withProxy<R>(to server: RedisURL, _ body: (FaultProxy) async throws -> R) async throws -> R {
        let state = Box()
        let target = server.address
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { accept($0, target, state) }
            .bind(host: "127.0.0.1", port: 0).get()
        var url = server
        url.address = .tcp(host: "127.0.0.1", port: listener.localAddress?.port ?? 0)
        let proxy = FaultProxy(url: url, target: target, listener: listener, state: state)
        do {
            let result = try await body(proxy)
            await proxy.close()
            return result
        } catch {
            await proxy.close()
            throw error
        }
    }

    /// What the network does at the moment; a change counts from the next piece on.
    public var faults: Faults {
        get { state.value.withLock { $0.faults } }
        set { state.value.withLock { $0.faults = newValue } }
    }

    /// Cuts every connection that is open now.
    public func cut() {
        for channel in state.value.withLock({ Array($0.open.values) }) { channel.close(promise: nil) }
    }

    /// How many connections are open now.
    public var connectionCount: Int { state.value.withLock { $0.open.count } }

    /// How many connections were made since the start, refused ones too.
    public var acceptedCount: Int { state.value.withLock { $0.accepted } }

    private func close() async {
        cut()
        try? await listener.close()  // closed already is as good
    }

    private static func accept(
        _ client: any Channel, _ target: RedisURL.Address, _ state: Box
    ) -> EventLoopFuture<Void> {
        let id = ObjectIdentifier(client)
        let isRefused = state.value.withLock { state in
            state.accepted += 1
            if !state.faults.refusesConnections { state.open[id] = client }
            return state.faults.refusesConnections
        }
        guard !isRefused else { return client.close() }
        client.closeFuture.whenComplete { _ in state.value.withLock { _ = $0.open.removeValue(forKey: id) } }
        let bootstrap = ClientBootstrap(group: client.eventLoop).channelOption(.autoRead, value: false)
        let server =
            switch target {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .sentinel:
                client.eventLoop.makeFailedFuture(ChannelError.operationUnsupported) as EventLoopFuture<any Channel>
            }
        server.whenFailure { _ in client.close(promise: nil) }
        return server.flatMapThrowing { server in
            try client.pipeline.syncOperations.addHandler(
                PipeHandler(to: server, direction: .requests) { state.value.withLock { $0.faults } })
            try server.pipeline.syncOperations.addHandler(
                PipeHandler(to: client, direction: .answers) { state.value.withLock { $0.faults } })
            server.read()
        }
    }
}

/// One direction of one connection: passes on what comes in, or does to it what the faults say.
private final class PipeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    enum Direction { case requests, answers }

    private let partner: any Channel
    private let direction: Direction
    private let faults: @Sendable () -> FaultProxy.Faults
    private var passed = 0
    /// When the last piece is due: a shorter delay must not let a later one overtake it.
    private var lastDue = NIODeadline.uptimeNanoseconds(0)

    init(to partner: any Channel, direction: Direction, faults: @escaping @Sendable () -> FaultProxy.Faults) {
        self.partner = partner
        self.direction = direction
        self.faults = faults
    }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        let faults = faults()
        guard !(direction == .requests ? faults.losesRequests : faults.losesAnswers) else { return }
        var isCut = false
        if direction == .answers, let limit = faults.cutsAfterAnswerBytes, passed + bytes.readableBytes > limit {
            bytes = bytes.getSlice(at: bytes.readerIndex, length: max(0, limit - passed)) ?? ByteBuffer()
            isCut = true
        }
        passed += bytes.readableBytes
        send(bytes, after: faults.delay, thenCloses: isCut, context.eventLoop)
    }

    private func send(_ bytes: ByteBuffer, after delay: Duration, thenCloses: Bool, _ eventLoop: any EventLoop) {
        let partner = partner
        let written = eventLoop.makePromise(of: Void.self)
        if thenCloses { written.futureResult.whenComplete { _ in partner.close(promise: nil) } }
        let due = max(.now() + TimeAmount(delay), lastDue)
        guard due > .now() else { return partner.writeAndFlush(bytes, promise: written) }
        lastDue = due
        _ = eventLoop.scheduleTask(deadline: due) { partner.writeAndFlush(bytes, promise: written) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        partner.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
