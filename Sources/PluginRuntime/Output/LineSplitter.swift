import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Cuts captured output into lines of bounded length.
///
/// A line longer than the limit keeps its beginning and the count of what was cut; a flood without a single line end
/// costs no more memory than one line.
struct LineSplitter {
    /// Bytes kept of one line.
    ///
    /// 8 KiB.
    static let limit = 8 << 10

    private var pending: [UInt8] = []
    private var cutBytes = 0

    /// Hands over each line that `bytes` completes, and how many bytes it lost.
    ///
    /// The array is reused: copy what is kept.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, line: (_ kept: [UInt8], _ cut: Int) -> Void) {
        var rest = bytes[...]
        while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress {
            guard let end = memchr(start, 0x0A, rest.count) else {
                keep(rest)
                return
            }
            let length = UnsafeRawPointer(end) - start
            keep(rest.prefix(length))
            emit(line)
            rest = rest.dropFirst(length + 1)
        }
    }

    /// Hands over what the stream ended with when no line end followed it.
    mutating func finish(line: (_ kept: [UInt8], _ cut: Int) -> Void) {
        if !pending.isEmpty || cutBytes > 0 { emit(line) }
    }

    private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) {
        let room = Self.limit - pending.count
        pending.append(contentsOf: bytes.prefix(room))
        cutBytes += max(0, bytes.count - room)
    }

    private mutating func emit(_ line: (_ kept: [UInt8], _ cut: Int) -> Void) {
        if pending.last == 0x0D, cutBytes == 0 { pending.removeLast() }
        line(pending, cutBytes)
        pending.removeAll(keepingCapacity: true)
        cutBytes = 0
    }
}

/// The last lines of a process, for the report of its end.
struct RecentLines {
    /// Lines kept: the promise page's figure.
    static let limit = 50

    private var lines: [[UInt8]] = []
    private var oldest = 0

    mutating func append(_ line: [UInt8]) {
        guard lines.count == Self.limit else {
            lines.append(line)
            return
        }
        lines[oldest] = line
        oldest = (oldest + 1) % Self.limit
    }

    /// Oldest first, as text; bytes that are not UTF-8 become U+FFFD.
    var text: [String] {
        (lines[oldest...] + lines[..<oldest]).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Recent lines that a loop writes and anybody may read.
final class RecentLinesBox: Sendable {
    private let lines = Mutex(RecentLines())

    func append(_ line: [UInt8]) { lines.withLock { $0.append(line) } }

    /// Oldest first.
    var text: [String] { lines.withLock { $0.text } }
}
