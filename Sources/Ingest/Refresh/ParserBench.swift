import Dispatch
import Synchronization

/// Where a parser works: off the cooperative pool, one call at a time.
///
/// Parsing a piece takes as long as its bytes need, and libxml2 and zlib never give way; two busy
/// refreshes would otherwise stop every other task on a small machine. The threads of that queue are nicer
/// than others, also on Linux, and do nothing else: where both cores are wanted, who reads a list comes first.
final class ParserBench<Parser>: Sendable {
    private let parser: Mutex<Parser>

    init(_ parser: sending Parser) { self.parser = Mutex(parser) }

    func work<Output: Sendable>(
        _ body: @escaping @Sendable (inout Parser) throws -> Output
    ) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global(qos: .background).async {
                continuation.resume(with: Result { try self.parser.withLock { try body(&$0) } })
            }
        }
    }

    /// Read what the parser knows; only when no work is going on, else it waits for it.
    func read<Output: Sendable>(_ body: (inout Parser) -> Output) -> Output {
        parser.withLock { body(&$0) }
    }
}
