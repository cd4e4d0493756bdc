/// A person's API key: shown once, and kept as a digest.
///
/// The column holds `sha256$<64 hexadecimal digits>`: whoever steals the database has no key from it. Dispatcharr
/// keeps the key itself in that column; such a row is honoured and rewritten when its key is next used.
enum APIKey {
    /// Longer is nobody's.
    private static let mostBytes = 200
    private static let mark = "sha256$"

    /// A new key, in Dispatcharr's form: 40 random bytes as base64url.
    static func random() -> String { [UInt8].random(40).base64URL }

    /// What the column holds for a key.
    static func stored(_ key: String) -> String { mark + Digest.sha256(Array(key.utf8)).hexadecimal }

    /// What the column may hold for a key that somebody presents.
    ///
    /// Empty: it cannot be a key. The digest itself is none, or a stolen database would give all of them away.
    static func forms(of presented: String) -> [String] {
        guard (16...mostBytes).contains(presented.utf8.count), !presented.hasPrefix(mark) else { return [] }
        return [stored(presented), presented]
    }
}
