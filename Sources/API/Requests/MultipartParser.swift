import HTTPTypes
import NIOCore

/// `multipart/form-data` (RFC 7578) as a push parser: bytes in, in any slices; parts out, in pieces.
///
///     preamble ── boundary ──▶ headers ── blank line ──▶ data ── boundary ──▶ headers …
///                                                          └── boundary with "--" ──▶ epilogue
///
/// Holds at most one slice, a boundary's length and one part's headers, whatever the size of a part.
struct MultipartParser {
    enum Event: Equatable {
        case part(MultipartHeaders)
        case data(ByteBuffer)
        case endOfPart
    }

    struct Limits {
        /// Parts in one form.
        var parts = 1000
        /// Bytes of one part's headers.
        var headerBytes = 16 * 1024
    }

    private enum State: Equatable { case preamble, boundaryEnd, headers, data, epilogue }

    /// CR LF `--boundary`; the very first may stand without its line break, which ``init(boundary:limits:)`` supplies.
    private let delimiter: [UInt8]
    private let limits: Limits
    private var state = State.preamble
    private var pending: [UInt8] = Array("\r\n".utf8)
    private var parts = 0

    /// A parser for the boundary that the content type names, 1 to 70 characters.
    init(boundary: String, limits: Limits = .init()) throws(APIError) {
        guard (1...70).contains(boundary.utf8.count) else { throw Self.malformed("its boundary has a wrong length") }
        self.delimiter = Array("\r\n--\(boundary)".utf8)
        self.limits = limits
    }

    /// Takes the next slice and tells what it completed.
    mutating func feed(_ slice: ByteBuffer) throws(APIError) -> [Event] {
        guard state != .epilogue else { return [] }
        pending.append(contentsOf: slice.readableBytesView)
        var events: [Event] = []
        var start = 0
        while let consumed = try step(from: start, into: &events) { start += consumed }
        pending.removeFirst(start)
        return events
    }

    /// Call after the last slice.
    func finish() throws(APIError) {
        guard state == .epilogue else { throw Self.malformed("it ends before its closing boundary") }
    }

    /// One transition.
    ///
    /// Nil: not enough bytes for it.
    private mutating func step(from start: Int, into events: inout [Event]) throws(APIError) -> Int? {
        switch state {
        case .preamble, .data: return try scan(from: start, into: &events)
        case .boundaryEnd: return try endBoundary(from: start)
        case .headers: return try readHeaders(from: start, into: &events)
        case .epilogue: return nil
        }
    }

    /// Looks for the next boundary, and gives out what surely lies before it.
    private mutating func scan(from start: Int, into events: inout [Event]) throws(APIError) -> Int? {
        if let found = pending.firstRange(of: delimiter, from: start) {
            if state == .data {
                emit(start..<found, into: &events)
                events.append(.endOfPart)
            }
            state = .boundaryEnd
            return found - start + delimiter.count
        }
        let safe = pending.count - (delimiter.count - 1)
        guard safe > start else { return nil }
        if state == .data { emit(start..<safe, into: &events) }
        return safe - start
    }

    private func emit(_ range: Range<Int>, into events: inout [Event]) {
        guard !range.isEmpty else { return }
        events.append(.data(ByteBuffer(bytes: pending[range])))
    }

    /// After a boundary: `--` for the last one, or blanks and a line break.
    private mutating func endBoundary(from start: Int) throws(APIError) -> Int? {
        var index = start
        while index < pending.count, pending[index] == UInt8(ascii: " ") || pending[index] == UInt8(ascii: "\t") {
            index += 1
        }
        guard index - start <= 128 else { throw Self.malformed("a boundary does not end") }
        guard index + 1 < pending.count else { return nil }
        switch (pending[index], pending[index + 1]) {
        case (UInt8(ascii: "-"), UInt8(ascii: "-")) where index == start:
            state = .epilogue
            return pending.count - start
        case (UInt8(ascii: "\r"), UInt8(ascii: "\n")):
            parts += 1
            guard parts <= limits.parts else {
                throw APIError(
                    .contentTooLarge, code: "too_many_parts", "The form has more than \(limits.parts) parts.")
            }
            state = .headers
            return index + 2 - start
        default:
            throw Self.malformed("a boundary is followed by something else")
        }
    }

    private mutating func readHeaders(from start: Int, into events: inout [Event]) throws(APIError) -> Int? {
        let end: Int
        let length: Int
        if pending.count - start >= 2, pending[start] == UInt8(ascii: "\r"), pending[start + 1] == UInt8(ascii: "\n") {
            (end, length) = (start, 2)
        } else if let blank = pending.firstRange(of: Array("\r\n\r\n".utf8), from: start) {
            (end, length) = (blank, 4)
        } else {
            guard pending.count - start <= limits.headerBytes else { throw Self.headersTooLarge }
            return nil
        }
        guard end - start <= limits.headerBytes else { throw Self.headersTooLarge }
        events.append(.part(try MultipartHeaders(pending[start..<end])))
        state = .data
        return end - start + length
    }

    static func malformed(_ what: String) -> APIError {
        APIError.badRequest("The form cannot be read: \(what).", code: "malformed_form")
    }

    private static let headersTooLarge = APIError(
        .requestHeaderFieldsTooLarge, code: "part_headers_too_large", "A part's headers are too long.")
}

extension [UInt8] {
    /// Where a sequence of bytes next begins.
    fileprivate func firstRange(of needle: [UInt8], from start: Int) -> Int? {
        guard count - start >= needle.count else { return nil }
        return withUnsafeBytes { bytes in
            var index = start
            while index <= bytes.count - needle.count {
                guard let next = bytes[index...(bytes.count - needle.count)].firstIndex(of: needle[0]) else {
                    return nil
                }
                if bytes[next..<(next + needle.count)].elementsEqual(needle) { return next }
                index = next + 1
            }
            return nil
        }
    }
}
