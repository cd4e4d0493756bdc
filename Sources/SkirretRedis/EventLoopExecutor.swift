import NIOCore
import NIOPosix

/// The switch that lets Swift's tasks run on the event loops themselves.
///
/// For some tasks only see ``RedisClient/executor``.
public enum EventLoopExecutor {
    /// Makes the event loops of all clients the global executor of Swift's concurrency, for the rest of the process.
    ///
    /// A call then needs no hop to its connection's thread and back. The price: a task body that blocks its thread blocks
    /// connections too, so this is off unless a program whose tasks never block asks for it.
    ///
    /// Call it once, first thing in `main`, on the main thread, before anything is awaited.
    ///
    /// - Returns: false where this Swift runtime does not allow it, or somebody was first; nothing has changed then.
    public static func install() -> Bool {
        NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
    }
}

/// Runs the tasks that prefer it on one event loop.
final class LoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
