import CHiredis
import Foundation

/// The yardstick: hiredis alone, blocking, sending bytes that were made beforehand.
///
/// No client can be faster with the same commands; what it reaches is Redis's own limit.
final class PerfectClient {
    private let context: UnsafeMutablePointer<redisContext>

    /// Connects to a Redis on the loopback interface.
    init(port: Int) throws {
        guard let context = redisConnect("127.0.0.1", Int32(port)), context.pointee.err == 0 else {
            throw BenchFailure("hiredis cannot connect to 127.0.0.1:\(port)")
        }
        self.context = context
    }

    deinit { redisFree(context) }

    /// Sends commands, at most `window` of them unanswered at a time.
    ///
    /// - Returns: How long it took until the last answer.
    func replay(_ commands: some RandomAccessCollection<RecordedCommand>, window: Int) throws -> Duration {
        let began = ContinuousClock.now
        var waiting = 0
        for command in commands {
            if waiting == window {
                try answer(to: command.name)
                waiting -= 1
            }
            append(command.bytes)
            waiting += 1
        }
        for _ in 0..<waiting { try answer(to: "the last command") }
        return began.duration(to: .now)
    }

    /// Sends one command; gives its answer where that is text.
    @discardableResult
    func send(_ arguments: String...) throws -> String? {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += Array("$\(argument.utf8.count)\r\n\(argument)\r\n".utf8) }
        append(bytes)
        return try answer(to: arguments[0])
    }

    private func append(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes {
            redisAppendFormattedCommand(context, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
    }

    /// Takes the next answer; an array gives its last text.
    @discardableResult
    private func answer(to name: String) throws -> String? {
        var raw: UnsafeMutableRawPointer?
        guard redisGetReply(context, &raw) == REDIS_OK, let raw else {
            throw BenchFailure("the connection of the replay broke at \(name)")
        }
        defer { freeReplyObject(raw) }
        let reply = raw.assumingMemoryBound(to: redisReply.self).pointee
        if reply.type == REDIS_REPLY_ERROR {
            throw BenchFailure("the replay of \(name) was refused: \(String(cString: reply.str))")
        }
        if reply.type == REDIS_REPLY_ARRAY, reply.elements > 0, let last = reply.element[reply.elements - 1]?.pointee {
            return last.str.map { String(cString: $0) }
        }
        return reply.str.map { String(cString: $0) }
    }
}
