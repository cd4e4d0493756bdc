import CeleryProtocol
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Keeps one fork server alive, and hands out the connection to it.
///
/// Each life of the process is a ``ForkServerConnection``; between two lives callers wait. It is started again at once
/// the first time, then after growing pauses.
final class ForkServer: Sendable {
    private enum State {
        /// Between two lives, or before the first; these wait for the next.
        case down(waiting: [EventLoopPromise<ForkServerConnection>])
        case up(ForkServerConnection)
        case stopped

        /// Goes over to `next`; who waited for it is handed back, to be told.
        mutating func become(_ next: State) -> [EventLoopPromise<ForkServerConnection>] {
            defer { self = next }
            if case .down(let waiting) = self { return waiting }
            return []
        }
    }

    /// Importing Django from a cold disk took 5 s where this was written.
    private static let readyDeadline = TimeAmount.seconds(30)

    private let environment: PythonEnvironment
    private let loop: any EventLoop
    private let logger: Logger
    private let state = Mutex(State.down(waiting: []))

    init(_ environment: PythonEnvironment, on loop: any EventLoop, logger: Logger) {
        self.environment = environment
        self.loop = loop
        self.logger = logger
    }

    /// Runs the server until the task is cancelled; then the server and all it forked are gone.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            let started = ContinuousClock.now
            await liveOnce()
            if Task.isCancelled { break }
            failures = .now - started > .seconds(10) ? 0 : failures + 1
            // 0, 0.2, 0.4 … 6.4 s: the first restart is for free, a broken installation does not spin.
            let pause = failures < 2 ? Duration.zero : .milliseconds(100 << min(failures - 1, 6))
            // Only cancellation ends this sleep early, and the loop asks for that.
            try? await Task.sleep(for: pause)
        }
        for promise in state.withLock({ $0.become(.stopped) }) { promise.fail(Self.stoppedError) }
    }

    /// The living server; waits for the next one when there is none.
    ///
    /// - Throws: ``PluginError/Code/unavailable`` when it did not come up, with the reason.
    func connection() async throws(PluginError) -> ForkServerConnection {
        let promise = loop.makePromise(of: ForkServerConnection.self)
        state.withLock { state in
            switch state {
            case .up(let connection): promise.succeed(connection)
            case .down(let waiting): state = .down(waiting: waiting + [promise])
            case .stopped: promise.fail(Self.stoppedError)
            }
        }
        do {
            return try await promise.futureResult.get()
        } catch {
            throw error as? PluginError
                ?? PluginError(.unavailable, message: "The Python host is not there: \(error).", hint: "Try again.")
        }
    }

    private func liveOnce() async {
        let lines = RecentLinesBox()
        do {
            let connection = try await ForkServerConnection.start(
                environment, on: loop, readyWithin: Self.readyDeadline, lines: lines, logger: logger)
            logger.info("python host is ready", metadata: ["pid": "\(connection.pid)"])
            for promise in state.withLock({ $0.become(.up(connection)) }) { promise.succeed(connection) }

            let exit = await withTaskCancellationHandler {
                await connection.ended()
            } onCancel: {
                connection.shutDown()
            }
            state.withLock { $0 = .down(waiting: []) }
            if !Task.isCancelled {
                logger.error(
                    "python host ended, starting it again",
                    metadata: ["exit": "\(exit)", "output": "\(lines.text.suffix(5).joined(separator: " | "))"])
            }
        } catch {
            if !Task.isCancelled { logger.error("python host does not start", metadata: ["error": "\(error)"]) }
            for promise in state.withLock({ $0.become(.down(waiting: [])) }) { promise.fail(error) }
        }
    }

    private static let stoppedError = PluginError(
        .unavailable, message: "The plugin host is stopping.", hint: "Send the call to another worker.")
}
