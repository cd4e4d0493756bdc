import Foundation
import Testing

@testable import Ingest

@Suite("Content digest") struct ContentDigestTests {
    private func digest(_ bytes: [UInt8], pieces: Int) -> String {
        var digest = ContentDigest()
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { digest.add($0) }
        }
        return digest.text
    }

    @Test(arguments: [0, 1, 31, 32, 33, 64, 1000]) func `pieces of any size come to the same`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let whole = digest(bytes, pieces: max(1, count))
        #expect(whole.hasPrefix("\(count)-") && whole.utf8.count == "\(count)-".utf8.count + 32)
        for pieces in [1, 3, 32, 40] { #expect(digest(bytes, pieces: pieces) == whole) }
    }

    @Test func `one bit anywhere, one more byte, and two blocks changing places make another`() {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 91) }
        var seen: Set<String> = [digest(bytes, pieces: 200), digest(bytes + [0], pieces: 201)]
        for position in bytes.indices {
            var other = bytes
            other[position] ^= 1
            seen.insert(digest(other, pieces: 200))
        }
        seen.insert(digest(Array(bytes[32..<64] + bytes[..<32] + bytes[64...]), pieces: 200))
        // Also the parts behind the length.
        #expect(Set(seen.map { $0.suffix(32) }).count == 203 && Set(seen.map { $0.suffix(16) }).count == 203)
    }
}
