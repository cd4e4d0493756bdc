import CeleryProtocol
import Logging
import NIOCore
import Synchronization

import struct Foundation.Date

/// Carries events from the loop that reads them to the one task that waits for them, in order and bounded.
///
/// When the reader falls behind, events are dropped and counted, and the place where they are missing says so.
/// The end of it, which carries the outcome, always arrives.
final class EventMailbox<Event: Sendable, Outcome: Sendable>: Sendable {
    enum Delivery: Sendable {
        case event(Event)
        /// So many events are missing here.
        case missing(Int)
        case end(Outcome)
    }

    private struct State {
        var events = CircularBuffer<(event: Event, bytes: Int)>()
        var bytes = 0
        var missing = 0
        var outcome: Outcome?
        var reader: CheckedContinuation<Delivery, Never>?
    }

    /// 4 MiB of text and payload may wait: ten thousand ordinary log lines.
    private static var byteLimit: Int { 4 << 20 }

    private let state = Mutex(State())

    /// Adds an event of about `bytes` bytes.
    ///
    /// After the end it is dropped, as nobody reads any more.
    func post(_ event: Event, bytes: Int) {
        state.withLock { state in
            guard state.outcome == nil else { return }
            if let reader = state.reader {
                state.reader = nil
                reader.resume(returning: .event(event))
            } else if state.bytes + bytes <= Self.byteLimit {
                state.events.append((event, bytes))
                state.bytes += bytes
            } else {
                state.missing += 1
            }
        }
    }

    /// Ends it; the first end counts.
    ///
    /// Events posted before are still delivered.
    func end(_ outcome: Outcome) {
        state.withLock { state in
            guard state.outcome == nil else { return }
            state.outcome = outcome
            if let reader = state.reader {
                state.reader = nil
                reader.resume(returning: .end(outcome))
            }
        }
    }

    /// The next event or the end; waits for it, whatever becomes of the waiting task.
    ///
    /// One reader at a time.
    func next() async -> Delivery {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if let first = state.events.popFirst() {
                    state.bytes -= first.bytes
                    continuation.resume(returning: .event(first.event))
                } else if state.missing > 0 {
                    continuation.resume(returning: .missing(state.missing))
                    state.missing = 0
                } else if let outcome = state.outcome {
                    continuation.resume(returning: .end(outcome))
                } else {
                    precondition(state.reader == nil, "a mailbox has one reader")
                    state.reader = continuation
                }
            }
        }
    }
}

extension PluginEvent {
    /// About how much memory it takes while it waits.
    var weight: Int {
        let content =
            switch self {
            case .log(_, let logger, let message, _): logger.utf8.count + message.utf8.count
            case .output(_, let line): line.utf8.count
            case .event(let name, let payload, _): name.utf8.count + payload.weight
            case .update(let data): data.weight
            case .progress(_, let message): message.utf8.count
            case .suspended(_, let reason): reason.utf8.count
            }
        return 64 + content
    }

    /// What the host itself says, in the place where it says it.
    static func notice(_ message: String, level: Logger.Level = .warning) -> PluginEvent {
        .log(level: level, logger: "skirret.host", message: message, time: Date())
    }

    static func missing(_ count: Int, _ what: String) -> PluginEvent {
        .notice("\(count) \(what) dropped here: they came faster than they are kept.")
    }
}

extension JSONValue {
    fileprivate var weight: Int {
        switch self {
        case .null, .bool: 16
        case .number(let number): 16 + number.text.utf8.count
        case .string(let text): 16 + text.utf8.count
        case .array(let items): items.reduce(16) { $0 + $1.weight }
        case .object(let object): object.reduce(16) { $0 + $1.key.utf8.count + $1.value.weight }
        }
    }
}
