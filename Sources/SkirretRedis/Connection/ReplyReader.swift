import CHiredis
import NIOCore

/// Turns bytes into replies with hiredis's reader, which builds our values directly instead of its own tree.
///
/// hiredis 0.14 moves the rest of its buffer after every reply, so it is fed small pieces and emptied in between. It reads
/// arrays up to seven deep; deeper ones end the connection. Lives on one event loop.
final class ReplyReader {
    /// The largest piece that hiredis is given at once; see above.
    private static let pieceBytes = 16 << 10

    /// An empty buffer above this size is given back.
    ///
    /// 1 MiB: hiredis's own 16 KiB would allocate it anew all the time.
    private static let keptBufferBytes = 1 << 20

    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder = ReplyBuilder()
    private let maximumReplyBytes: Int
    /// Bytes since the last whole reply.
    private var unfinishedBytes = 0

    init(maximumReplyBytes: Int) {
        self.maximumReplyBytes = maximumReplyBytes
        functions = .allocate(capacity: 1)
        functions.initialize(to: ReplyBuilder.functions)
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            fatalError("no memory for a Redis reader")
        }
        self.reader = reader
        reader.pointee.maxbuf = Self.keptBufferBytes
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Reads a buffer; hands over each whole reply until `reply` returns false.
    func feed(_ buffer: ByteBuffer, reply: (RedisValue) -> Bool) throws(RedisError) {
        // withUnsafeReadableBytes rethrows untyped, so the outcome is carried out of it.
        let outcome = buffer.withUnsafeReadableBytes { bytes -> Result<Void, RedisError> in
            do throws(RedisError) { return .success(try feed(bytes, reply: reply)) } catch { return .failure(error) }
        }
        try outcome.get()
    }

    /// Reads on; hands over each whole reply until `reply` returns false.
    func feed(_ bytes: UnsafeRawBufferPointer, reply: (RedisValue) -> Bool) throws(RedisError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
            rest = rest.dropFirst(Self.pieceBytes)
            unfinishedBytes += piece.count
            guard redisReaderFeed(reader, piece.baseAddress, piece.count) == REDIS_OK else { throw violation() }
            while let value = try next() {
                unfinishedBytes = 0
                guard reply(value) else { return }
            }
            guard unfinishedBytes <= maximumReplyBytes else { throw tooLarge() }
        }
    }

    private func next() throws(RedisError) -> RedisValue? {
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw violation() }
        return object == nil ? nil : builder.takeReply()
    }

    private func violation() -> RedisError {
        let reason = withUnsafeBytes(of: reader.pointee.errstr) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(
            .protocolViolation, "the server does not speak RESP2 (\(reason))",
            hint: "Does the URL name a Redis, and not another service?")
    }

    private func tooLarge() -> RedisError {
        RedisError(
            .protocolViolation, "a reply is larger than \(maximumReplyBytes) bytes",
            hint: "Ask for less at once, or raise maximumReplyBytes.")
    }
}

/// Collects what hiredis reads into values; arrays stay open here until their last element has come.
private final class ReplyBuilder {
    private struct OpenArray {
        var elements: [RedisValue]
        let count: Int
    }

    private var open: [OpenArray] = []
    private var reply: RedisValue?

    func takeReply() -> RedisValue? {
        defer { reply = nil }
        return reply
    }

    private func add(_ value: RedisValue) {
        var value = value
        while let last = open.indices.last {
            open[last].elements.append(value)
            guard open[last].elements.count == open[last].count else { return }
            value = .array(open.removeLast().elements)
        }
        reply = value
    }

    private func openArray(of count: Int) {
        guard count > 0 else { return add(.array([])) }
        var elements: [RedisValue] = []
        elements.reserveCapacity(min(count, 1_024))  // the count is the server's word; believe it as elements come
        open.append(OpenArray(elements: elements, count: count))
    }

    /// hiredis wants an object for each value; ours are in the builder, so it gets this and never looks at it.
    private static let placeholder = 1

    private static func builder(of task: UnsafePointer<redisReadTask>?) -> ReplyBuilder {
        guard let opaque = task?.pointee.privdata else { fatalError("hiredis lost the builder of its replies") }
        return Unmanaged<ReplyBuilder>.fromOpaque(opaque).takeUnretainedValue()
    }

    static var functions: redisReplyObjectFunctions {
        redisReplyObjectFunctions(
            createString: { task, characters, count in
                let bytes = UnsafeRawBufferPointer(start: characters, count: count)
                let value: RedisValue =
                    switch task?.pointee.type {
                    case REDIS_REPLY_STATUS: .status(String(decoding: bytes, as: UTF8.self))
                    case REDIS_REPLY_ERROR: .error(String(decoding: bytes, as: UTF8.self))
                    default: .bytes(Array(bytes))
                    }
                ReplyBuilder.builder(of: task).add(value)
                return UnsafeMutableRawPointer(bitPattern: ReplyBuilder.placeholder)
            },
            createArray: { task, count in
                ReplyBuilder.builder(of: task).openArray(of: Int(count))
                return UnsafeMutableRawPointer(bitPattern: ReplyBuilder.placeholder)
            },
            createInteger: { task, number in
                ReplyBuilder.builder(of: task).add(.integer(Int(number)))
                return UnsafeMutableRawPointer(bitPattern: ReplyBuilder.placeholder)
            },
            createNil: { task in
                ReplyBuilder.builder(of: task).add(.null)
                return UnsafeMutableRawPointer(bitPattern: ReplyBuilder.placeholder)
            },
            freeObject: { _ in })
    }
}
