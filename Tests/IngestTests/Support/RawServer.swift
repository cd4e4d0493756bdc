import NIOCore
import NIOPosix
import Synchronization

/// A web server on loopback that answers byte for byte what a test says, faults included.
final class RawServer: Sendable {
    /// What is done with one connection after its request was read.
    enum Step: Sendable {
        case send([UInt8])
        /// Keeps the connection open and says no more.
        case hang
        case close
        /// Sends the same bytes again and again until the other side has gone.
        case repeatForever([UInt8])

        static func text(_ text: String) -> Step { .send(Array(text.utf8)) }

        /// A whole answer with its length.
        static func answer(_ status: Int = 200, _ body: [UInt8] = [], headers: [String] = []) -> [Step] {
            let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.count)"] + headers + ["", ""]
            return [.text(lines.joined(separator: "\r\n")), .send(body), .close]
        }

        static func redirect(_ location: String) -> [Step] { answer(302, [], headers: ["Location: \(location)"]) }
    }

    private struct State {
        var requests: [String] = []
        var closed = 0
    }

    let port: Int
    private let channel: any Channel
    private let state: Mutex<State>

    /// The requests so far, head only.
    var requests: [String] { state.withLock { $0.requests } }

    /// Runs a server with answers by path; `*` answers everything else.
    @discardableResult
    static func with<Result: Sendable>(
        _ routes: [String: [Step]], _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let server = try await RawServer(routes)
        do {
            let result = try await body(server)
            try await server.channel.close()
            return result
        } catch {
            try await server.channel.close()
            throw error
        }
    }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    private init(_ routes: [String: [Step]]) async throws {
        let holder = Holder()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Conversation(routes) { holder.note($0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        state = Mutex(State())
        holder.server.withLock { $0 = self }
    }

    private final class Holder: Sendable {
        let server = Mutex<RawServer?>(nil)
        func note(_ request: String) {
            server.withLock { $0 }?.state.withLock { $0.requests.append(request) }
        }
    }

    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let routes: [String: [Step]]
        private let note: @Sendable (String) -> Void
        private var head = ""

        init(_ routes: [String: [Step]], _ note: @escaping @Sendable (String) -> Void) {
            self.routes = routes
            self.note = note
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            head += String(buffer: unwrapInboundIn(data))
            guard head.hasSuffix("\r\n\r\n") else { return }
            note(head)
            let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            head = ""
            perform(routes[path] ?? routes["*"] ?? Step.answer(404, Array("no such page".utf8)), context.channel)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func perform(_ steps: [Step], _ channel: any Channel) {
            var written = channel.eventLoop.makeSucceededVoidFuture()
            for step in steps {
                switch step {
                case .send(let bytes): written = channel.writeAndFlush(ByteBuffer(bytes: bytes))
                case .hang: break
                case .close: written.whenComplete { _ in channel.close(promise: nil) }
                case .repeatForever(let bytes): Self.pump(ByteBuffer(bytes: bytes), channel)
                }
            }
        }

        private static func pump(_ bytes: ByteBuffer, _ channel: any Channel) {
            // A turn of the loop between two writes: a write that succeeds at once would nest without end.
            channel.writeAndFlush(bytes).whenSuccess { channel.eventLoop.execute { pump(bytes, channel) } }
        }
    }
}
