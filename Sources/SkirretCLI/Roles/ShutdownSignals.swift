import CSpawn
@preconcurrency import Dispatch
import Foundation

/// The wish to stop: SIGTERM, SIGINT, or the death of the supervisor.
///
/// Any order and number of them leads to one exit; the first begins it.
struct ShutdownSignals: Sendable {
    /// One element a wish.
    let wishes: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    /// Names the descriptor that reaches end of file when the supervisor is gone.
    static let supervisorVariable = "SKIRRET_SUPERVISOR_FD"

    /// Its number; nil when nobody supervises this process.
    static var supervisorDescriptor: Int32? {
        ProcessInfo.processInfo.environment[supervisorVariable].flatMap { Int32($0) }
    }

    init() {
        let (wishes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.wishes = wishes
        let queue = DispatchQueue(label: "skirret.signals")
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        if let descriptor = Self.supervisorDescriptor {
            Thread.detachNewThread {
                var byte: UInt8 = 0
                // Nothing is ever written: the read returns when the supervisor has died, however it died.
                while cspawn_read(descriptor, &byte, 1, Int32.max) > 0 {}
                continuation.yield()
            }
        }
    }

    /// Returns at the first wish.
    func first() async { for await _ in wishes { return } }
}
