import CLibCrypto

/// SHA-256 of FIPS 180-4, for naming streams, not for keeping secrets.
enum SHA256 {
    /// OpenSSL's own, which uses the processor's instructions; looked up once, as each look-up costs more than a digest.
    ///
    /// Constant from here on and counted atomically, so any thread may use it.
    nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

    /// The digest as 64 lower-case hexadecimal digits.
    static func hexadecimal(_ message: [UInt8]) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digest in
            // It can only fail without memory, or in a build of OpenSSL that lacks what TLS is made of.
            guard EVP_Digest(message, message.count, digest.baseAddress, nil, algorithm, nil) == 1 else {
                preconditionFailure("OpenSSL has no SHA-256")
            }
            return String(unsafeUninitializedCapacity: 64) { text in
                for (index, byte) in digest.enumerated() {
                    (text[2 * index], text[2 * index + 1]) = (digit(byte >> 4), digit(byte & 15))
                }
                return 64
            }
        }
    }

    private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
}
