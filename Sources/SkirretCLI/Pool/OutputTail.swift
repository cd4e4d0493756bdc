import CSpawn
import Foundation
import Synchronization

/// Passes on what a child process writes to its standard error, and keeps the last lines: they are the report of its
/// death.
final class OutputTail: Sendable {
    private struct State {
        var lines: [String] = []
        var partial: [UInt8] = []
        var isAtEnd = false
    }

    private let state = Mutex(State())
    private static let mostLines = 50
    /// Longer lines are cut in the report; they are passed on whole.
    private static let longestLine = 500

    /// Reads on a thread of its own until the end of file.
    init(reading descriptor: Int32) {
        Thread.detachNewThread { [self] in
            var bytes = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = cspawn_read(descriptor, &bytes, bytes.count, Int32.max)
                guard count > 0 else { break }
                _ = write(STDERR_FILENO, bytes, count)  // nobody reads ours: nothing is lost that could be kept
                keep(bytes[..<count])
            }
            _ = cspawn_close(descriptor)
            state.withLock { $0.isAtEnd = true }
        }
    }

    /// The last lines, oldest first.
    var lines: [String] { state.withLock { $0.lines } }

    /// Waits a moment for what a process wrote before its end.
    ///
    /// Not for long: processes that it left behind may hold its standard error for ever.
    func settled() async {
        for _ in 0..<20 where !state.withLock({ $0.isAtEnd }) {
            try? await Task.sleep(for: .milliseconds(10))  // a cancellation only shortens the report
        }
    }

    private func keep(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.partial += bytes
            var parts = state.partial.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            state.partial = Array((parts.popLast() ?? []).prefix(Self.longestLine * 4))
            state.lines += parts.map { String(decoding: $0.prefix(Self.longestLine), as: UTF8.self) }
            state.lines.removeFirst(max(0, state.lines.count - Self.mostLines))
        }
    }
}
