import Foundation

/// An OpenPGP public key, as people paste it.
public struct PublicKey: Sendable, Equatable {
    /// A hundred times a usual key.
    private static let mostBytes = 256 * 1024

    /// The key's packets, RFC 9580 section 10.1.
    let packets: [UInt8]

    /// Reads the armoured form, with or without its first and last line.
    ///
    /// Nil: it is no public key.
    public init?(armored text: String) {
        guard text.utf8.count <= Self.mostBytes else { return nil }
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            $0.trimmingCharacters(in: .whitespaces)
        }[...]
        if let first = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN ") }) {
            guard lines[first] == "-----BEGIN PGP PUBLIC KEY BLOCK-----" else { return nil }
            // Armour headers, such as Comment, end at an empty line.
            lines = lines[(first + 1)...].drop { $0.contains(": ") }
        }
        let body = lines.prefix { !$0.hasPrefix("-----END ") && !$0.hasPrefix("=") }.joined()
        guard let data = Data(base64Encoded: body), let tag = data.first, Self.beginsPublicKey(tag) else { return nil }
        packets = Array(data)
    }

    /// Packet type 6, in the old or the new format of a packet's first byte.
    private static func beginsPublicKey(_ tag: UInt8) -> Bool {
        tag & 0xC0 == 0xC0 ? tag & 0x3F == 6 : tag & 0x80 != 0 && tag >> 2 & 0x0F == 6
    }
}
