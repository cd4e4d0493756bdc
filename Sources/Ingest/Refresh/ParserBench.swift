import Dispatch
import Synchronization

/// Where a parser works: off the cooperative pool, one call at a time and in the order of the calls.
///
/// Parsing a piece takes as long as its bytes need, and libxml2 and zlib never give way; two busy
/// refreshes would otherwise stop every other task on a small machine. The threads of that queue are nicer
/// than others, also on Linux, and do nothing else: where both cores are wanted, who reads a list comes first.
final class ParserBench<Parser>: Sendable {
    private let parser: Mutex<Parser>
    private let queue = DispatchQueue(label: "skirret.parser", target: .global(qos: .background))

    init(_ parser: sending Parser) { self.parser = Mutex(parser) }

    /// Begins to work, after all that was begun before; a parser does not rest between two pieces that are there.
    func begin<Output: Sendable>(
        _ body: @escaping @Sendable (inout Parser) throws -> Output
    ) -> Task<Output, any Error> {
        let (outputs, output) = AsyncThrowingStream<Output, any Error>.makeStream()
        queue.async {
            output.yield(with: Result { try self.parser.withLock { try body(&$0) } })
            output.finish()
        }
        // Unstructured, as the caller goes on; see ``Lane``.
        return Task {
            for try await output in outputs { return output }
            throw CancellationError()
        }
    }

    func work<Output: Sendable>(
        _ body: @escaping @Sendable (inout Parser) throws -> Output
    ) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(with: Result { try self.parser.withLock { try body(&$0) } })
            }
        }
    }

    /// Read what the parser knows; only when no work is going on, else it waits for it.
    func read<Output: Sendable>(_ body: (inout Parser) -> Output) -> Output {
        parser.withLock { body(&$0) }
    }
}
