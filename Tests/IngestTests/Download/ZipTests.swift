import Foundation
import Testing

@testable import Ingest

@Suite("ZIP archives") struct ZipTests {
    private static let text = DecompressorTests.text

    @Test(arguments: ["deflate", "store", "streamed"])
    func `the first file with a fitting name is read, whatever lies before and after it`(way: String) throws {
        let packed = try Zip.pack(
            [
                ("folder/", []), ("readme.txt", Array("Not a playlist".utf8)), ("__MACOSX/a.m3u", [1, 2]),
                ("empty.txt", []), ("folder/LIST.M3U", Self.text), ("second.m3u", [9]),
            ], way: way)
        for size in [1, 7, 1000, packed.count] {
            #expect(try Self.unpack(packed, by: size) == Self.text, "by \(size)")
        }
    }

    @Test func `a compressed file inside is decompressed too`() throws {
        let inner = try DecompressorTests.pack(Self.text, "gzip")
        #expect(try Self.unpack(Zip.pack([("list.m3u.gz", inner)]), by: 1000) == Self.text)
    }

    @Test(arguments: [[("a.txt", "x")], [], [("guide.xml", "<tv/>")]])
    func `an archive without one says so`(files: [(String, String)]) throws {
        let packed = try Zip.pack(files.map { ($0.0, Array($0.1.utf8)) })
        // An archive without any file begins with its directory, and is no archive to us.
        guard !files.isEmpty else { return }
        let error = #expect(throws: DecompressionError.self) { _ = try Self.unpack(packed, by: 3) }
        #expect(error?.code == .noMember && error?.message.hasPrefix("No .m3u file found in ZIP archive") == true)
    }

    @Test(arguments: ["deflate", "store"]) func `cut and damaged archives are errors`(way: String) throws {
        let packed = try Zip.pack([("list.m3u", Self.text)], way: way)
        let data = 30 + 8
        for length in [12, data + 20] {
            let error = #expect(throws: DecompressionError.self) {
                _ = try Self.unpack(Array(packed.prefix(length)), by: 100)
            }
            #expect(error?.code == .truncated)
        }
        var damaged = packed
        damaged[data + 40] ^= 0x55
        let error = #expect(throws: DecompressionError.self) { _ = try Self.unpack(damaged, by: 100) }
        #expect(error?.code == .damaged)
    }

    @Test func `an encrypted file is refused by name`() throws {
        var packed = try Zip.pack([("list.m3u", Self.text)])
        packed[6] |= 1
        let error = #expect(throws: DecompressionError.self) { _ = try Self.unpack(packed, by: 100) }
        #expect(error?.code == .unsupported && error?.message.contains("list.m3u is encrypted") == true)
    }

    private static func unpack(_ bytes: [UInt8], by size: Int) throws -> [UInt8] {
        var limits = Decompressor.Limits()
        limits.archiveSuffixes = [".m3u"]
        let decompressor = Decompressor(limits: limits)
        var result: [UInt8] = []
        for piece in bytes.pieces(of: size) {
            try decompressor.decompress(Array(piece)) { result.append(contentsOf: $0) }
        }
        try decompressor.finish { result.append(contentsOf: $0) }
        return result
    }
}

/// Archives as Python writes them.
enum Zip {
    /// An archive; the way is `deflate`, `store`, or `streamed`, with sizes behind the data.
    static func pack(_ files: [(name: String, bytes: [UInt8])], way: String = "deflate") throws -> [UInt8] {
        let folder = try TemporaryFolder()
        var arguments = [way, folder.url.appendingPathComponent("out.zip").path]
        for (number, file) in files.enumerated() {
            arguments += [file.name, try folder.write(file.bytes, to: "\(number)")]
        }
        _ = try Python.run(arguments: ["-c", source] + arguments)
        return [UInt8](try Data(contentsOf: folder.url.appendingPathComponent("out.zip")))
    }

    private static let source = """
        import io, sys, zipfile
        way, out, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
        class Pipe(io.RawIOBase):
            def __init__(self, f): self.f = f
            def writable(self): return True
            def write(self, b): return self.f.write(b)
            def seekable(self): return False
        with open(out, "wb") as f:
            kind = zipfile.ZIP_STORED if way == "store" else zipfile.ZIP_DEFLATED
            with zipfile.ZipFile(Pipe(f) if way == "streamed" else f, "w", kind) as z:
                for name, path in zip(rest[::2], rest[1::2]): z.writestr(name, open(path, "rb").read())
        """
}
