import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's random numbers, fetched some at a time.
///
/// `SystemRandomNumberGenerator` asks the kernel for every eight bytes, four times for each message. A process that is
/// forked must not go on with what its parent has fetched; ours are all executed afresh.
final class Randomness: Sendable {
    static let shared = Randomness()

    private struct State {
        var words = [UInt64](repeating: 0, count: Randomness.fetched)
        var next = Randomness.fetched
    }

    /// 256 bytes: the most that `getentropy` gives at once.
    private static let fetched = 32

    private let state = Mutex(State())

    /// Two words that nobody else gets.
    func pair() -> (UInt64, UInt64) {
        state.withLock { state in
            if state.next + 2 > state.words.count { Self.fill(&state) }
            defer { state.next += 2 }
            return (state.words[state.next], state.words[state.next + 1])
        }
    }

    private static func fill(_ state: inout State) {
        state.next = 0
        let isFilled = state.words.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { getentropy($0, bytes.count) == 0 } ?? false
        }
        guard !isFilled else { return }
        var generator = SystemRandomNumberGenerator()  // where the system call is filtered, it knows other ways
        for index in state.words.indices { state.words[index] = generator.next() }
    }
}
