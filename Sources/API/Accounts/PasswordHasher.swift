import Foundation
import HTTPTypes
import Synchronization

/// Does the work of passwords, which is meant to be slow, where it holds nobody else up.
///
/// On threads of its own, two at a time: log-ins may wait for each other, requests never for log-ins.
final class PasswordHasher: Sendable {
    /// At half a second each, whoever stood behind so many would have given up.
    private static let mostWaiting = 32

    let iterations: Int
    private let queue: OperationQueue
    private let waiting = Mutex(0)

    init(iterations: Int = PasswordHash.currentIterations, parallel: Int = 2) {
        self.iterations = iterations
        queue = OperationQueue()
        queue.name = "skirret.passwords"
        queue.maxConcurrentOperationCount = parallel
    }

    /// The encoded form of a new password.
    ///
    /// - Throws: 503 when too many wait already.
    func hash(_ password: String) async throws(APIError) -> String {
        let iterations = iterations
        return try await perform { PasswordHash(hashing: password, iterations: iterations).encoded }
    }

    /// Whether the password belongs to the encoded form.
    ///
    /// Takes as long when there is none, so that nobody can ask which names exist.
    ///
    /// - Throws: 503 when too many wait already.
    func verify(_ password: String, against encoded: String?) async throws(APIError) -> Bool {
        let iterations = iterations
        return try await perform {
            guard let hash = encoded.flatMap(PasswordHash.init(encoded:)) else {
                _ = PasswordHash(hashing: password, iterations: iterations)
                return false
            }
            return hash.verifies(password)
        }
    }

    /// Whether a stored form should be replaced by a stronger one.
    func isOutdated(_ encoded: String) -> Bool {
        PasswordHash(encoded: encoded).map { $0.iterations < iterations } ?? true
    }

    private func perform<R: Sendable>(_ work: @escaping @Sendable () -> R) async throws(APIError) -> R {
        let isFull = waiting.withLock { count in
            guard count < Self.mostWaiting else { return true }
            count += 1
            return false
        }
        guard !isFull else { throw .tooManyLogins }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.addOperation { continuation.resume(returning: work()) }
        }
    }
}

extension APIError {
    static let tooManyLogins = APIError(
        .serviceUnavailable, code: "too_many_logins", "Too many people are signing in at this moment.",
        hint: "Try again after the seconds in Retry-After.", headers: [.retryAfter: "5"])
}
