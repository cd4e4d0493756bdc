/// A range of addresses in CIDR notation: `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct NetworkRange: Sendable, Equatable {
    private let bytes: [UInt8]
    private let bits: Int

    /// Reads a range whose address has no bits behind the prefix, as Python's `ip_network` does.
    ///
    /// Nil for anything else.
    public init?(_ text: String) {
        self.init(text, isStrict: true)
    }

    /// - Parameters:
    ///   - text: The range; blanks around it do not matter.
    ///   - isStrict: Whether `10.0.0.1/8` is a mistake; otherwise it means `10.0.0.0/8`.
    init?(_ text: String, isStrict: Bool) {
        let parts = text.trimmingSpace.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.contains("%"), let address = IPAddress(String(first)) else { return nil }
        let width = address.bytes.count * 8
        // An IPv4 address in IPv6's clothes counts its prefix from the front of the longer one.
        let undressed = width == 32 && first.contains(":") ? 96 : 0
        var bits = width
        if parts.count == 2 {
            guard let said = Self.number(parts[1]), (undressed...width + undressed).contains(said) else { return nil }
            bits = said - undressed
        }
        let masked = Self.masked(address.bytes, bits)
        guard !isStrict || masked == address.bytes else { return nil }
        self.bytes = masked
        self.bits = bits
    }

    /// Whether an address lies in it; one of another family never does.
    func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == bytes.count && Self.masked(address.bytes, bits) == bytes
    }

    /// The ranges of a comma list; what is none is left out.
    static func list(_ text: String, isStrict: Bool = true) -> [NetworkRange] {
        text.split(separator: ",").compactMap { NetworkRange(String($0), isStrict: isStrict) }
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private static func masked(_ bytes: [UInt8], _ bits: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(8, max(0, bits - index * 8))
            return byte & ~UInt8(truncatingIfNeeded: 0xFF >> kept)
        }
    }
}
