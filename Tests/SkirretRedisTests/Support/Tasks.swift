import SkirretRedis
import Testing

/// Runs the body in that many tasks at once and returns what each of them got, in the tasks' order.
func concurrently<T: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> T
) async rethrows -> [T] {
    try await withThrowingTaskGroup(of: (Int, T).self) { group in
        for number in 0..<count {
            group.addTask { (number, try await body(number)) }
        }
        var results: [(Int, T)] = []
        for try await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}

/// The error a Redis call ends with; nil when it succeeds.
func failure<T>(of body: () async throws -> T) async -> RedisError? {
    do {
        _ = try await body()
        return nil
    } catch let error as RedisError {
        return error
    } catch {
        Issue.record(error, "expected a RedisError")
        return nil
    }
}

/// Repeats a call that may be repeated while the connection comes and goes; at most five attempts.
func repeatedly<T>(_ body: () async throws -> T) async throws -> T {
    for _ in 0..<4 {
        do {
            return try await body()
        } catch let error as RedisError where error.code == .closed {
            continue
        }
    }
    return try await body()
}
