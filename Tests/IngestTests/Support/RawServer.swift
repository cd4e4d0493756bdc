import Foundation
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
        /// Closes once the condition holds: what the other side has not read when a connection ends may be lost to it.
        case closeWhen(@Sendable () -> Bool)
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

    /// The requests so far, each with its body.
    var requests: [String] { state.withLock { $0.requests } }

    /// Runs a server with answers by path; `*` answers everything else.
    @discardableResult
    static func with<Result: Sendable>(
        _ routes: [String: [Step]], _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        try await with(
            answering: { _, head in
                let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
                return routes[path] ?? routes["*"] ?? Step.answer(404, Array("no such page".utf8))
            }, body)
    }

    /// Runs a server whose answers depend on how many requests there were before, and on the request's head.
    @discardableResult
    static func with<Result: Sendable>(
        answering answer: @escaping @Sendable (Int, String) -> [Step], _ body: (RawServer) async throws -> Result
    ) async throws -> Result {
        let server = try await RawServer(answer)
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

    private init(_ answer: @escaping @Sendable (Int, String) -> [Step]) async throws {
        let holder = Holder()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Conversation(answer) { holder.note($0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        state = Mutex(State())
        holder.server.withLock { $0 = self }
    }

    private final class Holder: Sendable {
        let server = Mutex<RawServer?>(nil)
        func note(_ request: String) -> Int {
            server.withLock { $0 }?.state.withLock { state in
                state.requests.append(request)
                return state.requests.count - 1
            } ?? 0
        }
    }

    private final class Conversation: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let answer: @Sendable (Int, String) -> [Step]
        private let note: @Sendable (String) -> Int
        private var head = ""

        init(
            _ answer: @escaping @Sendable (Int, String) -> [Step], _ note: @escaping @Sendable (String) -> Int
        ) {
            self.answer = answer
            self.note = note
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            head += String(buffer: unwrapInboundIn(data))
            guard let end = head.range(of: "\r\n\r\n") else { return }
            let length =
                head[..<end.lowerBound].firstMatch(of: #/(?i)\r\ncontent-length: *(\d+)/#)
                .flatMap { Int($0.output.1) } ?? 0
            guard head[end.upperBound...].utf8.count >= length else { return }
            let request = head
            head = ""
            perform(answer(note(request), request), context.channel)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func perform(_ steps: [Step], _ channel: any Channel) {
            var written = channel.eventLoop.makeSucceededVoidFuture()
            for step in steps {
                switch step {
                case .send(let bytes): written = channel.writeAndFlush(ByteBuffer(bytes: bytes))
                case .hang: break
                case .close: written.whenComplete { _ in channel.close(promise: nil) }
                case .closeWhen(let condition): written.whenComplete { _ in Self.close(channel, when: condition) }
                case .repeatForever(let bytes): Self.pump(ByteBuffer(bytes: bytes), channel)
                }
            }
        }

        private static func close(_ channel: any Channel, when condition: @escaping @Sendable () -> Bool) {
            guard !condition() else { return channel.close(promise: nil) }
            channel.eventLoop.scheduleTask(in: .milliseconds(2)) { close(channel, when: condition) }
        }

        private static func pump(_ bytes: ByteBuffer, _ channel: any Channel) {
            // A turn of the loop between two writes: a write that succeeds at once would nest without end.
            channel.writeAndFlush(bytes).whenSuccess { channel.eventLoop.execute { pump(bytes, channel) } }
        }
    }
}
