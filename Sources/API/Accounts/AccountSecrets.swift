import CeleryProtocol

/// Passwords and keys as they are stored, for tools that work on the database beside the API.
public enum AccountSecrets {
    /// The encoded form of a password that a person chose.
    ///
    /// Takes about half a second of one processor.
    ///
    /// - Parameter password: As it was typed.
    /// - Returns: What belongs into `UserChange.password`.
    /// - Throws: A sentence about what is wrong with it.
    public static func encoded(password: String) async throws -> String {
        _ = try UserBody.ofOneself(["password": .string(password)])
        return try await PasswordHasher().hash(password)
    }

    /// Whether somebody may be called that.
    ///
    /// - Throws: A sentence about what is wrong with it.
    public static func check(username: String) throws {
        _ = try UserBody.ofAnybody(["username": .string(username)])
    }

    /// A new API key, and what is stored of it.
    public static func newKey() -> (key: String, stored: String) {
        let key = APIKey.random()
        return (key, APIKey.stored(key))
    }
}
