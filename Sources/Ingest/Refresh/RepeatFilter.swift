/// Tells texts that were not met before from those that may have been, in 4 MiB for any number of them.
///
/// A Bloom filter: of 200,000 different texts none is taken for an earlier one, of two millions one in four hundred. A
/// table of what was met would be certain, and grow with the file.
struct RepeatFilter {
    private static let bitCount = 1 << 25
    private static let probes = 4

    private var words = [UInt64](repeating: 0, count: bitCount / 64)

    /// Whether the text may have been asked for before; when not, it certainly was not.
    mutating func mayRepeat(_ text: String) -> Bool {
        let hash = UInt(bitPattern: text.hashValue)
        let (first, step) = (hash >> 32, hash | 1)
        var isKnown = true
        for probe in 0..<UInt(Self.probes) {
            let bit = Int((first &+ probe &* step) % UInt(Self.bitCount))
            let mask = UInt64(1) << UInt64(bit % 64)
            isKnown = isKnown && words[bit / 64] & mask != 0
            words[bit / 64] |= mask
        }
        return isKnown
    }
}
