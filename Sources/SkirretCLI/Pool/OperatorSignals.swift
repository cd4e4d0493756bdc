import CSpawn
@preconcurrency import Dispatch
import Foundation
import Synchronization

/// What an operator may ask of a worker, or of a pool of them.
enum OperatorWish: Sendable {
    /// End in order: SIGTERM, or the death of the supervisor.
    case stop
    /// The same from a terminal; a second one ends the grace: SIGINT.
    case interrupt
    /// Claim no more: SIGTSTP.
    case quiet
    /// Claim again: SIGCONT.
    case resume
    /// Say what every task is doing: SIGQUIT or SIGUSR1.
    case dump

    /// Every signal that is a wish.
    static let signals: [(signal: Int32, wish: OperatorWish)] = [
        (SIGTERM, .stop), (SIGINT, .interrupt), (SIGTSTP, .quiet), (SIGCONT, .resume), (SIGQUIT, .dump),
        (SIGUSR1, .dump),
    ]

    /// The signal that passes it on.
    var signal: Int32 { Self.signals.first { $0.wish == self }?.signal ?? SIGTERM }
}

/// Hears the operator's signals, in order, and on a thread of their own: tasks that keep every other thread busy must
/// not keep a worker from stopping.
final class OperatorSignals: Sendable {
    private struct State {
        var listener: (@Sendable (OperatorWish) -> Void)?
        /// What came before somebody listened.
        var pending: [OperatorWish] = []
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "skirret.signals")
    private let sources: [any DispatchSourceSignal]

    init() {
        // A log that nobody reads any more must not be the death of who writes it.
        signal(SIGPIPE, SIG_IGN)
        let queue = queue
        sources = OperatorWish.signals.map { entry in
            // SIGCONT continues a stopped process whatever its handler; ignoring it would change nothing.
            if entry.signal != SIGCONT { signal(entry.signal, SIG_IGN) }
            return DispatchSource.makeSignalSource(signal: entry.signal, queue: queue)
        }
        for (source, entry) in zip(sources, OperatorWish.signals) {
            source.setEventHandler { [weak self] in self?.hear(entry.wish) }
            source.resume()
        }
        if let descriptor = ShutdownSignals.supervisorDescriptor {
            Thread.detachNewThread { [weak self] in
                var byte: UInt8 = 0
                // Nothing is ever written: the read returns when the supervisor has died, however it died.
                while cspawn_read(descriptor, &byte, 1, Int32.max) > 0 {}
                self?.hear(.stop)
            }
        }
    }

    /// Hands every wish to the listener, those first that came before it listened.
    ///
    /// For one listener.
    func listen(_ listener: @escaping @Sendable (OperatorWish) -> Void) {
        queue.sync {
            let pending = state.withLock { state in
                state.listener = listener
                return state.pending
            }
            for wish in pending { listener(wish) }
        }
    }

    /// All wishes as a stream, for whoever has threads to wait on.
    ///
    /// In place of a listener.
    func wishes() -> AsyncStream<OperatorWish> {
        let (wishes, continuation) = AsyncStream<OperatorWish>.makeStream()
        listen { continuation.yield($0) }
        return wishes
    }

    private func hear(_ wish: OperatorWish) {
        let listener = state.withLock { state in
            if state.listener == nil { state.pending.append(wish) }
            return state.listener
        }
        listener?(wish)
    }
}
