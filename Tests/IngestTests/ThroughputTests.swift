import Foundation
import Testing

@testable import Ingest

/// Readings, not bars: prints megabytes of plain text per second for each way in.
///
///     SKIRRET_BENCH=1 swift test -c release --filter Throughput
@Suite(
    "Throughput",
    .enabled(
        if: Fixtures.isAvailable && ProcessInfo.processInfo.environment["SKIRRET_BENCH"] != nil,
        "set SKIRRET_BENCH=1, with the data generators in ../shared"))
struct ThroughputTests {
    @Test func `megabytes per second`() throws {
        let playlist = try Fixtures.playlist(entries: 200_000)
        let guide = try Fixtures.guide(channels: 500, programmes: 100_000)
        try report("M3U", playlist) { try playlistRecords(playlist) }
        report("M3U with stream hashes", playlist) {
            let identity = StreamIdentity(setting: "url")
            var parser = PlaylistParser()
            var bytes = 0
            for piece in playlist.pieces(of: 65_536) {
                piece.withUnsafeBytes { parser.parse($0) { bytes += identity.hash(of: $0, account: 1).utf8.count } }
            }
            return bytes / 64
        }
        try report("XMLTV", guide) { try guideRecords(guide, wanted: nil) }
        try report("XMLTV, nothing mapped", guide) { try guideRecords(guide, wanted: []) }
        for format in ["gzip", "xz"] {
            let packed = try DecompressorTests.pack(guide, format)
            try report("XMLTV in \(format)", guide) { try guideRecords(packed, wanted: nil) }
        }
    }

    private func report(_ name: String, _ plain: [UInt8], _ work: () throws -> Int) rethrows {
        var records = 0
        let time = try ContinuousClock().measure { records = try work() } / .seconds(1)
        let megabytes = Double(plain.count) / 1_000_000
        print("throughput: \(name): \(Int(megabytes / time)) MB/s (\(Int(megabytes)) MB, \(records) records)")
    }

    private func playlistRecords(_ bytes: [UInt8]) throws -> Int {
        var parser = PlaylistParser()
        var count = 0
        for piece in bytes.pieces(of: 65_536) { piece.withUnsafeBytes { parser.parse($0) { _ in count += 1 } } }
        return count
    }

    private func guideRecords(_ bytes: [UInt8], wanted: Set<String>?) throws -> Int {
        let parser = try GuideParser(wantedChannels: wanted)
        let decompressor = Decompressor()
        var count = 0
        for piece in bytes.pieces(of: 65_536) {
            try piece.withUnsafeBytes { try decompressor.decompress($0) { try parser.parse($0) { _ in count += 1 } } }
        }
        try decompressor.finish { try parser.parse($0) { _ in count += 1 } }
        try parser.finish { _ in count += 1 }
        return count
    }
}
