import CLibCrypto
import Foundation

/// The primitives that accounts stand on, from OpenSSL's libcrypto.
///
/// Not from a Swift package: those bring a whole BoringSSL to compile, for what every Debian has, and this one uses
/// the processor's own instructions for SHA-256 in debug builds too.
enum Digest {
    static let length = 32

    /// SHA-256.
    static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: length)
        // Fails only when memory runs out, and zeros must never pass for a digest.
        precondition(EVP_Digest(message, message.count, &digest, nil, EVP_sha256(), nil) == 1, "libcrypto: SHA-256")
        return digest
    }

    /// SHA-256 of a file, as it lies on the disk.
    ///
    /// Blocks; 200 MiB take about a tenth of a second.
    static func sha256(ofFile path: String) throws -> [UInt8] {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        // try?: what was read is read.
        defer { try? file.close() }
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("libcrypto: SHA-256") }
        defer { EVP_MD_CTX_free(context) }
        precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "libcrypto: SHA-256")
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
            let isTaken = piece.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1 }
            precondition(isTaken, "libcrypto: SHA-256")
        }
        var digest = [UInt8](repeating: 0, count: length)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "libcrypto: SHA-256")
        return digest
    }

    /// HMAC with SHA-256, RFC 2104.
    static func authenticationCode(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: length)
        let done = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, nil)
        precondition(done != nil, "libcrypto: HMAC")
        return code
    }

    /// PBKDF2 with HMAC and SHA-256, RFC 8018: 32 bytes.
    ///
    /// Blocks for as long as the iterations take, about 0.3 µs each.
    static func pbkdf2(password: String, salt: String, iterations: Int) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: length)
        let password = Array(password.utf8)
        let done = password.withUnsafeBytes { bytes in
            PKCS5_PBKDF2_HMAC(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count), Array(salt.utf8),
                Int32(salt.utf8.count), Int32(iterations), EVP_sha256(), Int32(length), &key)
        }
        precondition(done == 1, "libcrypto: PBKDF2")
        return key
    }

    /// Takes as long for a wrong first byte as for a wrong last one.
    ///
    /// Only the length shows, and that must be no secret. Nothing equals nothing here.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count, !right.isEmpty else { return false }
        return CRYPTO_memcmp(left, right, right.count) == 0
    }
}

extension [UInt8] {
    /// So many bytes that nobody can guess.
    static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in generator.next() }
    }

    /// Lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Base64 with `-` and `_` and no padding, RFC 4648 section 5.
    var base64URL: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: count, by: 3) {
            let group = self[start..<Swift.min(start + 3, count)]
            let bits = group.reduce(0 as UInt32) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0...group.count { text.append(alphabet[Int(bits >> UInt32(18 - 6 * place)) & 63]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of such a text.
    ///
    /// Nil for any other, and for one of the spellings that mean the same bytes but are not what ``base64URL`` writes:
    /// a token has one spelling.
    init?(base64URL text: some StringProtocol) {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for character in text.utf8 {
            guard let value = Self.value(ofBase64URL: character) else { return nil }
            bits = (bits << 6 | value) & 0xFFFF
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
        }
        guard bytes.base64URL.utf8.elementsEqual(text.utf8) else { return nil }
        self = bytes
    }

    private static func value(ofBase64URL character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
