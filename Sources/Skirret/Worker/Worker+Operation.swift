public import CeleryProtocol
import Logging

/// What others make a running worker do: a signal, remote control, an autoscaler, a program of its own.
extension Worker {
    /// Begins a warm stop: no more claims, running tasks get ``WorkerOptions/grace``, then they are cancelled and their
    /// messages go back without costing an attempt.
    ///
    /// Any number of calls, from anywhere.
    public func stop() {
        intake.stop()
        heavy.dismiss()
        claimBell.ring()
        alarm.ring()
    }

    /// The queues it takes from now, in order of preference.
    public var queues: [QueueName] { consumed.names }

    /// Takes from one more queue, from the next claim on.
    ///
    /// - Parameter name: The queue; one it takes from already changes nothing.
    /// - Throws: `RedisError` when the broker did not take the declaration within two seconds, ``NotAQueueError`` when
    ///   something else has this name in Redis; nothing changed then.
    public func addQueue(_ name: QueueName) async throws {
        try await queue.checkIsQueue(name)
        try await queue.declare([name])
        guard consumed.add(name) else { return }
        logger.info("takes from one more queue", metadata: ["queue": "\(name)"])
    }

    /// Takes nothing more from a queue; what was taken from it already runs on.
    ///
    /// - Parameter name: The queue; one it does not take from changes nothing.
    public func cancelQueue(_ name: QueueName) {
        guard consumed.remove(name) else { return }
        claimBell.ring()
        logger.info("takes nothing more from a queue", metadata: ["queue": "\(name)"])
    }

    /// Claims nothing more and ends once everything that runs has ended, however long that takes.
    ///
    /// For a worker whose place another one takes; ``stop()`` sets it a time.
    public func retire() {
        intake.retire()
        claimBell.ring()
    }

    /// Ends the grace of a stop now, and begins the stop if need be: what runs is cancelled and goes back.
    public func hurry() {
        intake.hurry()
        heavy.dismiss()
        claimBell.ring()
        alarm.ring()
    }

    /// Claims nothing more; what runs goes on, and so does the worker until ``resume()`` or ``stop()``.
    public func quiet() {
        intake.quiet()
        claimBell.ring()
        logger.info("quiet: no more claims", metadata: ["worker": "\(options.name)"])
    }

    /// Claims again after ``quiet()``; without effect on a worker that stops.
    public func resume() {
        intake.resume()
        claimBell.ring()
    }

    /// How many tasks run at the same time, at the most.
    public var concurrency: Int { intake.concurrency }

    /// Changes how many tasks run at the same time, at least one.
    ///
    /// Takes effect at once; when it shrinks, what runs beyond the new number ends in its own time.
    public func resize(concurrency: Int) {
        intake.resize(concurrency)
        heavy.look((slots.running, intake.concurrency))
        claimBell.ring()
    }

    /// Lets the number of slots follow the load between two bounds, or leaves it alone again with nil.
    public func autoscale(between bounds: ClosedRange<Int>?) { autoscaler.bounds = bounds }

    /// The bounds between which the number of slots follows the load; nil when it does not.
    public var autoscaling: ClosedRange<Int>? { autoscaler.bounds }

    /// What every task of this worker is doing, as text for people: name, id, since when, time limit, attempt,
    /// last progress.
    public func dump() -> String {
        WorkerDump(
            name: options.name, phase: intake.phase, concurrency: intake.concurrency, queues: consumed.names,
            held: held.all
        ).description
    }
}
