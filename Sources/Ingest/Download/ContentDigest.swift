/// Tells the contents of one file from those of another: 128 bits and the length.
///
/// For servers that name no versions of their files, or others for the same bytes. Four lanes of multiplying and
/// rotating go over the bytes at the memory's speed; it withstands chance, not somebody who wants two files to look
/// alike, who could only hide his own file's change.
struct ContentDigest: Sendable {
    private static let (prime1, prime2): (UInt64, UInt64) = (0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F)
    private static let block = 32

    private var lanes = SIMD4<UInt64>(prime1 &+ prime2, prime2, 1, 0 &- prime1)
    /// Bytes that do not fill a block yet.
    private var rest: [UInt8] = []
    private(set) var length = 0

    /// Takes the next bytes.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        length += bytes.count
        var position = 0
        if !rest.isEmpty {
            position = min(Self.block - rest.count, bytes.count)
            rest.append(contentsOf: bytes[..<position])
            guard rest.count == Self.block else { return }
            rest.withUnsafeBytes { mix($0, 0) }
            rest.removeAll(keepingCapacity: true)
        }
        while position + Self.block <= bytes.count {
            mix(bytes, position)
            position += Self.block
        }
        rest.append(contentsOf: bytes[position...])
    }

    /// The length in bytes and 32 hexadecimal digits: `59570424-9c1f…`.
    var text: String {
        var whole = self
        let padding = [UInt8](repeating: 0, count: Self.block - rest.count)
        padding.withUnsafeBytes { whole.add($0) }
        let halves = [(0, 1, 2, 3), (2, 0, 3, 1)].map { a, b, c, d in
            var value = UInt64(length)
            for lane in [a, b, c, d] {
                value = (value ^ whole.lanes[lane]) &* Self.prime1
                value = (value ^ (value >> 29)) &* Self.prime2
                value ^= value >> 32
            }
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return "\(length)-" + halves.joined()
    }

    private mutating func mix(_ bytes: UnsafeRawBufferPointer, _ position: Int) {
        let words = SIMD4<UInt64>(
            bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: position + 16, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: position + 24, as: UInt64.self))
        let sum = lanes &+ words &* SIMD4(repeating: Self.prime2)
        lanes = ((sum &<< 31) | (sum &>> 33)) &* SIMD4(repeating: Self.prime1)
    }
}
