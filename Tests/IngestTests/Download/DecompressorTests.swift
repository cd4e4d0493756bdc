import Foundation
import Testing

@testable import Ingest

@Suite("Decompressor") struct DecompressorTests {
    static let text = Array(String(repeating: "some text that repeats, and é. ", count: 9_000).utf8)

    @Test(arguments: ["plain", "gzip", "xz", "zip", "gzip twice", "gzip in two members", "xz in two streams"])
    func `every format is recognised by its content at every cut`(format: String) throws {
        let packed = try Self.pack(Self.text, format)
        for size in [1, 5, 1000, packed.count] {
            let (bytes, problems) = try Self.unpack(packed, by: size)
            #expect(bytes == Self.text && problems.total == 0, "\(format) by \(size)")
        }
    }

    @Test(arguments: ["", "a", "\u{1F}"]) func `short files pass as they are`(text: String) throws {
        #expect(try Self.unpack(Array(text.utf8), by: 1).bytes == Array(text.utf8))
    }

    @Test(arguments: ["gzip", "xz", "gzip twice"]) func `cut data is an error after what could be read`(format: String)
        throws
    {
        let packed = try Self.pack(Self.text, format)
        for length in [7, packed.count / 2, packed.count - 1] {
            var count = 0
            let error = #expect(throws: DecompressionError.self) {
                let decompressor = Decompressor()
                try decompressor.decompress(Array(packed.prefix(length))) { count += $0.count }
                try decompressor.finish { count += $0.count }
            }
            #expect(error?.code == .truncated && count <= Self.text.count)
        }
    }

    @Test(arguments: ["gzip", "xz", "zip"]) func `damaged data is an error`(format: String) throws {
        var packed = try Self.pack(Self.text, format)
        packed[packed.count / 2] ^= 0x55
        let error = #expect(throws: DecompressionError.self) { _ = try Self.unpack(packed, by: 100) }
        #expect(error?.code == .damaged)
    }

    @Test func `bytes after gzip data are ignored and counted once`() throws {
        let packed = try Self.pack(Self.text, "gzip") + Array("garbage at the end".utf8)
        for size in [1, 1000, packed.count] {
            let (bytes, problems) = try Self.unpack(packed, by: size)
            #expect(bytes == Self.text && problems.counts == [.trailingData: 1])
        }
    }

    @Test(arguments: ["gzip", "xz", "zip"]) func `a bomb is stopped early`(format: String) throws {
        let packed = try Self.pack([UInt8](repeating: 0, count: 64 << 20), format)
        var count = 0
        let error = #expect(throws: DecompressionError.self) {
            try Decompressor().decompress(packed) { count += $0.count }
        }
        #expect(error?.code == .ratio && count <= 32 << 20)
    }

    @Test func `a file over the limit is refused`() throws {
        var limits = Decompressor.Limits()
        limits.totalBytes = 1000
        let decompressor = Decompressor(limits: limits)
        let error = #expect(throws: DecompressionError.self) { try decompressor.decompress(Self.text) { _ in } }
        #expect(error?.code == .tooLarge)
    }

    static func pack(_ bytes: [UInt8], _ format: String) throws -> [UInt8] {
        switch format {
        case "gzip":
            try Python.run(
                "import gzip,sys;sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))", input: bytes)
        case "xz":
            try Python.run(
                "import lzma,sys;sys.stdout.buffer.write(lzma.compress(sys.stdin.buffer.read()))", input: bytes)
        case "gzip twice": try pack(pack(bytes, "gzip"), "gzip")
        case "gzip in two members":
            try pack(Array(bytes.prefix(1000)), "gzip") + pack(Array(bytes.dropFirst(1000)), "gzip")
        case "xz in two streams": try pack(Array(bytes.prefix(1000)), "xz") + pack(Array(bytes.dropFirst(1000)), "xz")
        case "zip": try Zip.pack([("list.m3u", bytes)])
        default: bytes
        }
    }

    static func unpack(_ bytes: [UInt8], by size: Int) throws -> (bytes: [UInt8], problems: ParseProblems) {
        let decompressor = Decompressor()
        var result: [UInt8] = []
        for piece in bytes.pieces(of: size) {
            try decompressor.decompress(Array(piece)) { result.append(contentsOf: $0) }
        }
        try decompressor.finish { result.append(contentsOf: $0) }
        return (result, decompressor.problems)
    }
}
