/// FNV-1a, 64 bits: tells things apart that nobody tries to confuse, and guards nothing.
struct Fingerprint {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325

    init(_ text: String = "") { add(text) }
    init(_ bytes: [UInt8]) { for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 } }

    mutating func add(_ text: String) {
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }

    var text: String { String(hash, radix: 36) }
}
