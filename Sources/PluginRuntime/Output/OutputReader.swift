import CSpawn
import NIOCore
import NIOPosix

/// Turns one captured output stream into lines.
final class OutputReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var splitter = LineSplitter()
    private let throttle: ReadThrottle
    private let line: (_ kept: [UInt8], _ cut: Int) -> Void

    init(throttle: ReadThrottle, line: @escaping (_ kept: [UInt8], _ cut: Int) -> Void) {
        self.throttle = throttle
        self.line = line
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var count = 0
        unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            splitter.feed(bytes) { kept, cut in
                count += 1
                line(kept, cut)
            }
        }
        throttle.spend(lines: count)
    }

    func channelInactive(context: ChannelHandlerContext) {
        splitter.finish(line: line)
        context.fireChannelInactive()
    }
}

/// Keeps the first bytes of a stream, up to a limit.
final class OutputCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let limit: Int
    private var bytes: [UInt8] = []
    private let done: EventLoopPromise<[UInt8]?>

    /// `done` gets all of it, or nil when it was more than `limit` bytes.
    init(limit: Int, done: EventLoopPromise<[UInt8]?>) {
        self.limit = limit
        self.done = done
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes.append(contentsOf: unwrapInboundIn(data).readableBytesView.prefix(limit + 1 - bytes.count))
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.succeed(bytes.count > limit ? nil : bytes)
        context.fireChannelInactive()
    }
}

/// A pipe that a child writes and we read.
struct CapturedPipe {
    /// Closes when nobody holds the writing end any more.
    let channel: any Channel
    /// For the child; ours to close once the child has it.
    let writeEnd: Int32
    private let readEnd: Int32

    /// Whether something was written that was not read yet.
    ///
    /// On the loop only: the channel may close its end elsewhere.
    var hasUnread: Bool {
        channel.eventLoop.preconditionInEventLoop()
        return channel.isActive && cspawn_unread_bytes(readEnd) > 0
    }

    /// Reads lines.
    ///
    /// `line` is called on the loop.
    static func lines(
        on loop: any EventLoop, line: @escaping @Sendable (_ kept: [UInt8], _ cut: Int) -> Void
    ) async throws -> CapturedPipe {
        try await open(on: loop) { pipeline in
            let throttle = ReadThrottle()
            try pipeline.addHandlers(throttle, OutputReader(throttle: throttle, line: line))
        }
    }

    /// Reads everything, up to a limit.
    static func bytes(
        on loop: any EventLoop, limit: Int, done: EventLoopPromise<[UInt8]?>
    ) async throws -> CapturedPipe {
        try await open(on: loop) { pipeline in
            try pipeline.addHandler(OutputCollector(limit: limit, done: done))
        }
    }

    private static func open(
        on loop: any EventLoop, handlers: @escaping @Sendable (ChannelPipeline.SynchronousOperations) throws -> Void
    ) async throws -> CapturedPipe {
        let pipe = try DescriptorPair.pipe()
        do {
            let channel = try await NIOPipeBootstrap(group: loop)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try handlers(channel.pipeline.syncOperations) }
                }
                .takingOwnershipOfDescriptor(input: pipe.first)
                .get()
            return CapturedPipe(channel: channel, writeEnd: pipe.second, readEnd: pipe.first)
        } catch {
            pipe.closeBoth()
            throw error
        }
    }
}

/// The line as text, its cut marked.
func outputText(_ kept: [UInt8], cut: Int) -> String {
    let text = String(decoding: kept, as: UTF8.self)
    return cut == 0 ? text : "\(text) … (\(cut) more bytes)"
}
