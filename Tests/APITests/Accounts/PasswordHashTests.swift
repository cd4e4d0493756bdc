import Catalog
import Foundation
import SkirretTesting
import Testing

@testable import API

@Suite("Password hash", .timeLimit(.minutes(1))) struct PasswordHashTests {
    /// Made by Django 5.2's `make_password("s3cret pässword", salt="NaClNaClNaClNaClNaClNa")` with three iteration counts.
    private static let djangos = [
        "pbkdf2_sha256$1$NaClNaClNaClNaClNaClNa$lELd0UHZ/VFN4SyphfysWUJA59rQIwlrZp8AHX84eKA=",
        "pbkdf2_sha256$1000$NaClNaClNaClNaClNaClNa$qF6oD7PzIyFX7MVO2aJA98KlMcBdjMqh2rYnHAO08q0=",
        "pbkdf2_sha256$600000$NaClNaClNaClNaClNaClNa$Wp3LKOmFeAOHWV1fWt2xYIb46DuoX5gy4yvTkXozAr8=",
    ]

    @Test(arguments: djangos)
    func `Django's own hashes are read, whatever their count`(encoded: String) throws {
        let hash = try #require(PasswordHash(encoded: encoded))
        #expect(hash.verifies("s3cret pässword"))
        #expect(!hash.verifies("s3cret passwort"))
        #expect(!hash.verifies(""))
        #expect(hash.encoded == encoded)
    }

    @Test func `two hashes of one password have nothing in common`() throws {
        let first = PasswordHash(hashing: "secret", iterations: 10)
        let second = PasswordHash(hashing: "secret", iterations: 10)
        #expect(first.salt != second.salt && first.key != second.key && first.salt.count == 22)
        #expect(first.verifies("secret") && PasswordHash(encoded: second.encoded)?.verifies("secret") == true)
    }

    @Test(arguments: [
        "", "!", "!kEOx8RZPBUcUH0", "secret", "md5$salt$d41d8cd9", "pbkdf2_sha1$1000$salt$aGVsbG8=",
        "pbkdf2_sha256$0$salt$\(String(repeating: "A", count: 43))=",
        "pbkdf2_sha256$99999999999$salt$\(String(repeating: "A", count: 43))=",
        "pbkdf2_sha256$1000$$\(String(repeating: "A", count: 43))=",
        "pbkdf2_sha256$1000$salt$", "pbkdf2_sha256$1000$salt$!!!!", "pbkdf2_sha256$1000$salt$aGVsbG8=$",
    ])
    func `what is no hash of this kind fits no password`(encoded: String) {
        #expect(PasswordHash(encoded: encoded) == nil)
    }

    @Test func `the count is Django 5.2's, and fewer rounds are told to be too few`() {
        let hasher = PasswordHasher()
        #expect(PasswordHash.currentIterations == 1_000_000)
        #expect(hasher.isOutdated(Self.djangos[2]) && hasher.isOutdated("!"))
        #expect(!hasher.isOutdated("pbkdf2_sha256$1000000$salt$\(String(repeating: "A", count: 43))="))
    }

    @Test func `a crowd is turned away instead of waiting for ever`() async throws {
        let hasher = PasswordHasher(iterations: 20_000, parallel: 1)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<40 {
                group.addTask { (try? await hasher.hash("secret")) != nil }  // Only whether it was turned away matters.
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count(where: { $0 }) >= 32)
        #expect(outcomes.contains(false))
    }
}
