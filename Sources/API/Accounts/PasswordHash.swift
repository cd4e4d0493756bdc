import Foundation

/// A password as Django's default hasher stores it: `pbkdf2_sha256$<iterations>$<salt>$<base64 of 32 bytes>`.
///
/// https://docs.djangoproject.com/en/5.2/topics/auth/passwords/
struct PasswordHash: Equatable {
    static let algorithm = "pbkdf2_sha256"
    /// What Django 5.2 uses; a log-in with an older count is stored anew with this one.
    static let currentIterations = 1_000_000
    /// More than any release of Django will ask for, and still only seconds.
    private static let mostIterations = 20_000_000

    let iterations: Int
    let salt: String
    let key: [UInt8]

    /// Hashes a password under a fresh salt.
    ///
    /// Blocks for as long as the iterations take.
    init(hashing password: String, iterations: Int = currentIterations) {
        // 22 characters of 62, a little over 128 bits: Django's own.
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var generator = SystemRandomNumberGenerator()
        salt = String((0..<22).compactMap { _ in alphabet.randomElement(using: &generator) })
        self.iterations = iterations
        key = Digest.pbkdf2(password: password, salt: salt, iterations: iterations)
    }

    /// Reads a stored one.
    ///
    /// Nil for other algorithms and for Django's marks of a password that nobody has, which begin with `!`.
    init?(encoded: String) {
        let parts = encoded.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == Self.algorithm, let iterations = Int(parts[1]),
            (1...Self.mostIterations).contains(iterations), !parts[2].isEmpty,
            let key = Data(base64Encoded: String(parts[3])), key.count == Digest.length
        else { return nil }
        self.iterations = iterations
        salt = String(parts[2])
        self.key = Array(key)
    }

    var encoded: String { "\(Self.algorithm)$\(iterations)$\(salt)$\(Data(key).base64EncodedString())" }

    /// Whether this is the password.
    ///
    /// Blocks for as long as the iterations take.
    func verifies(_ password: String) -> Bool {
        Digest.areEqual(Digest.pbkdf2(password: password, salt: salt, iterations: iterations), key)
    }
}
