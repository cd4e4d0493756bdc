import CZlib

/// The first fitting file in a ZIP archive, read from front to back without its directory.
///
///     header ──▶ wanted ──▶ inflating or copying ──▶ over
///        ▲  └──▶ other ───▶ skipping ──┐
///        └─────────────────────────────┘
///
/// Archives that are written as a stream name sizes only behind the data; deflate knows its own end, so they are read
/// all the same. Nothing is ever written under a name from the archive.
final class ZipCodec: DecompressionCodec {
    let format = "zip"
    let trailingBytes = 0

    private enum State {
        /// Collecting a header, or what tells that there are no more.
        case header
        case inflating(Entry)
        case copying(Entry, left: Int)
        /// Collecting what follows data whose sizes stand behind it.
        case descriptor(Entry)
        case over
    }

    private let suffixes: [String]
    private let inflater: RawInflater
    private var state = State.header
    private var held: [UInt8] = []
    private var checksum: UInt = 0

    /// A codec for the first file whose name ends, in lower case, as one of the suffixes says: `.m3u`.
    init(suffixes: [String]) throws {
        self.suffixes = suffixes
        inflater = try RawInflater()
    }

    func decompress(_ chunk: UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = chunk
        while !rest.isEmpty {
            switch state {
            case .header: try readHeader(&rest)
            case .inflating(let entry): try inflate(entry, &rest, emit)
            case .copying(let entry, let left): try copy(entry, left, &rest, emit)
            case .descriptor(let entry): try readDescriptor(entry, &rest)
            case .over: return
            }
        }
    }

    func finish(_ emit: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch state {
        case .over: return
        case .header where held.isEmpty || !held.starts(with: ZipHeader.signature): throw nothingFitting
        // The data was whole; only its sum cannot be compared.
        case .descriptor(let entry) where entry.isWanted: return
        default: throw truncated
        }
    }

    private struct Entry {
        var header: ZipHeader
        var isWanted: Bool
    }

    // MARK: States

    private func readHeader(_ rest: inout UnsafeRawBufferPointer) throws {
        take(&rest, upTo: 4)
        guard held.count >= 4 else { return }
        guard held.starts(with: ZipHeader.signature) else { throw nothingFitting }
        take(&rest, upTo: ZipHeader.fixedLength)
        guard let length = ZipHeader.length(held) else { return }
        take(&rest, upTo: length)
        guard held.count == length else { return }
        let header = ZipHeader(held)
        held = []
        try begin(Entry(header: header, isWanted: isWanted(header.name)))
    }

    private func begin(_ entry: Entry) throws {
        let header = entry.header
        checksum = crc32(0, nil, 0)
        switch header.method {
        case _ where entry.isWanted && header.isEncrypted: throw unsupported("\(header.shortName) is encrypted")
        case 8 where entry.isWanted || header.hasDescriptor:
            inflater.reset()
            state = .inflating(entry)
        case 0 where !header.hasDescriptor, _ where !entry.isWanted && !header.hasDescriptor:
            state = .copying(entry, left: header.compressedBytes)
            if header.compressedBytes == 0 { state = entry.isWanted ? .over : .header }
        default: throw unsupported("\(header.shortName) is packed by method \(header.method)")
        }
    }

    private func inflate(
        _ entry: Entry, _ rest: inout UnsafeRawBufferPointer, _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let isOver = try inflater.inflate(&rest, damaged: damaged) { bytes in
            // zlib takes 32-bit lengths; pieces are 64 KiB.
            checksum = crc32(checksum, bytes.bindMemory(to: Bytef.self).baseAddress, UInt32(bytes.count))
            if entry.isWanted { try emit(bytes) }
        }
        guard isOver else { return }
        if entry.header.hasDescriptor {
            state = .descriptor(entry)
        } else {
            try check(entry, entry.header.checksum)
        }
    }

    private func copy(
        _ entry: Entry, _ left: Int, _ rest: inout UnsafeRawBufferPointer,
        _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let count = min(left, rest.count)
        var piece = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        state = .copying(entry, left: left - count)
        while entry.isWanted, !piece.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: piece.prefix(65_536))
            checksum = crc32(checksum, part.bindMemory(to: Bytef.self).baseAddress, UInt32(part.count))
            try emit(part)
            piece = UnsafeRawBufferPointer(rebasing: piece.dropFirst(part.count))
        }
        guard left == count else { return }
        if entry.isWanted { try check(entry, entry.header.checksum) } else { state = .header }
    }

    /// `[PK\7\8] crc sizes`, the sizes of 4 or of 8 bytes each: the next signature tells which.
    private func readDescriptor(_ entry: Entry, _ rest: inout UnsafeRawBufferPointer) throws {
        take(&rest, upTo: 8)
        guard held.count >= 8 else { return }
        let hasSignature = held.starts(with: [0x50, 0x4B, 0x07, 0x08])
        if entry.isWanted { return try check(entry, UInt(held.number(at: hasSignature ? 4 : 0, bytes: 4))) }
        let shortest = (hasSignature ? 16 : 12) + 4
        take(&rest, upTo: shortest)
        while true {
            guard held.count >= shortest else { return }
            if held.suffix(4).starts(with: [0x50, 0x4B]) { break }
            guard held.count < shortest + 8 else { throw damaged("an entry's end cannot be found") }
            guard !rest.isEmpty else { return }
            take(&rest, upTo: held.count + 1)
        }
        held = Array(held.suffix(4))
        state = .header
    }

    private func check(_ entry: Entry, _ expected: UInt) throws {
        state = entry.isWanted ? .over : .header
        held = []
        guard entry.isWanted, checksum != expected else { return }
        throw damaged("the sum of \(entry.header.shortName) is wrong")
    }

    // MARK: Helpers

    private func take(_ rest: inout UnsafeRawBufferPointer, upTo count: Int) {
        let missing = min(max(0, count - held.count), rest.count)
        held.append(contentsOf: rest.prefix(missing))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(missing))
    }

    private func isWanted(_ name: String) -> Bool {
        let path = name.lowercased()
        guard !path.hasPrefix("__macosx/"), !path.hasSuffix("/") else { return false }
        return suffixes.contains { suffix in ["", ".gz", ".xz"].contains { path.hasSuffix(suffix + $0) } }
    }

    private var nothingFitting: DecompressionError {
        DecompressionError(
            code: .noMember, format: format,
            message: "No \(suffixes.first ?? "fitting") file found in ZIP archive. Put one in, or use the plain file.")
    }

    private func unsupported(_ what: String) -> DecompressionError {
        DecompressionError(
            code: .unsupported, format: format,
            message: "In the ZIP archive, \(what). Pack it without a password, with \"deflate\".")
    }
}

/// A ZIP entry's local header.
struct ZipHeader {
    static let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
    static let fixedLength = 30

    let name: String
    let method: Int
    let checksum: UInt
    let compressedBytes: Int
    let isEncrypted: Bool
    /// Whether sum and sizes stand behind the data.
    let hasDescriptor: Bool

    /// The name for messages.
    var shortName: String { String(name.prefix(80)) }

    /// With name and extra fields; nil while too little of it is there.
    static func length(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= fixedLength else { return nil }
        return fixedLength + bytes.number(at: 26, bytes: 2) + bytes.number(at: 28, bytes: 2)
    }

    init(_ bytes: [UInt8]) {
        let flags = bytes.number(at: 6, bytes: 2)
        isEncrypted = flags & 1 != 0
        hasDescriptor = flags & 8 != 0
        method = bytes.number(at: 8, bytes: 2)
        checksum = UInt(bytes.number(at: 14, bytes: 4))
        let nameEnd = Self.fixedLength + bytes.number(at: 26, bytes: 2)
        name = String(decoding: bytes[Self.fixedLength..<nameEnd], as: UTF8.self)
        let short = bytes.number(at: 18, bytes: 4)
        compressedBytes = short == 0xFFFF_FFFF ? Self.longSize(bytes, from: nameEnd) ?? short : short
    }

    /// The compressed size of a large entry: in the extra field 1, behind the plain size.
    private static func longSize(_ bytes: [UInt8], from start: Int) -> Int? {
        var position = start
        while position + 4 <= bytes.count {
            let size = bytes.number(at: position + 2, bytes: 2)
            if bytes.number(at: position, bytes: 2) == 1, size >= 16, position + 20 <= bytes.count {
                return bytes.number(at: position + 12, bytes: 8)
            }
            position += 4 + size
        }
        return nil
    }
}

extension [UInt8] {
    /// A little-endian number; never negative.
    fileprivate func number(at position: Int, bytes: Int) -> Int {
        let value = self[position..<(position + bytes)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(clamping: value)
    }
}

/// Deflate without any wrapping.
private final class RawInflater {
    // At a fixed address: zlib keeps a pointer to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output = [UInt8](repeating: 0, count: 65_536)

    init() throws {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Negative: no header and no sum around the data.
        let code = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            throw DecompressionError(code: .damaged, format: "zip", message: "zlib could not be started (\(code)).")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func reset() { inflateReset(stream) }

    /// Takes what belongs to the data from the beginning of the bytes; true at its end.
    func inflate(
        _ rest: inout UnsafeRawBufferPointer, damaged: (String) -> DecompressionError,
        _ emit: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        while true {
            let (code, produced) = stream.inflate(&rest, into: &output)
            if produced > 0 {
                try output.withUnsafeBytes { try emit(UnsafeRawBufferPointer(rebasing: $0[..<produced])) }
            }
            switch code {
            case Z_STREAM_END: return true
            case Z_OK where !rest.isEmpty || produced == output.count: continue
            case Z_OK, Z_BUF_ERROR: return false
            default: throw damaged(stream.pointee.msg.map { String(cString: $0) } ?? "error \(code)")
            }
        }
    }
}
