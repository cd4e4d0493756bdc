import ArgumentParser
import Skirret

/// The flags of a worker that is made of several processes, or whose process is replaced from time to time.
struct PoolFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Run so many worker processes under a supervisor, each a node of its own: w1@host gives w1-1@host, w1-2@host.",
            discussion: """
                Each takes --concurrency tasks at a time. A process that dies is replaced at once, and its tasks are \
                back in their queues within two seconds. Without this flag there is one process and no supervisor.
                """, valueName: "n"))
    var processes: Int?

    @Option(
        help: ArgumentHelp(
            "Let the number of tasks at a time follow the load between two bounds, in each process.",
            valueName: "max,min"))
    var autoscale: AutoscaleBounds?

    @Option(
        help: ArgumentHelp(
            "Replace a process after so many tasks; it finishes what it has. Implies --processes 1.", valueName: "n"))
    var maxTasksPerChild: Int?

    @Option(
        help: ArgumentHelp(
            "Replace a process that has grown to so many KiB; it finishes what it has. Implies --processes 1.",
            valueName: "kib"))
    var maxMemoryPerChild: Int?

    /// How many processes a supervisor shall keep; nil when the worker is this process itself.
    var supervised: Int? {
        processes ?? (maxTasksPerChild == nil && maxMemoryPerChild == nil ? nil : 1)
    }

    func validate() throws {
        let numbers = [
            ("--processes", processes, 1...256), ("--max-tasks-per-child", maxTasksPerChild, 1...Int.max),
            // Less than that is less than the program itself needs: it would be replaced for ever.
            ("--max-memory-per-child", maxMemoryPerChild, 65_536...Int.max),
        ]
        for (flag, value, range) in numbers {
            guard let value, !range.contains(value) else { continue }
            let most = range.upperBound == .max ? "or more" : "to \(range.upperBound)"
            throw ValidationError("\(flag): expected \(range.lowerBound) \(most), got \(value).")
        }
    }

    /// Adds what a member of a pool, or a worker without one, needs to know.
    func apply(to options: inout WorkerOptions, as membership: PoolMembership?) {
        options.autoscale = autoscale?.bounds
        options.onHardTimeLimit = .endsProcess(exitCode: WorkerExit.hardTimeLimit)
        guard let membership else { return }
        options.name = membership.node
        options.mostTasks = maxTasksPerChild
        options.willRetire = { membership.tell(.retires("it has taken \(maxTasksPerChild ?? 0) tasks")) }
    }
}

/// The codes with which a worker's process ends.
enum WorkerExit {
    /// A task ignored its cancellation beyond its hard time limit; everything else went back to its queue first.
    ///
    /// The code of `timeout(1)`.
    static let hardTimeLimit: Int32 = 124
}

/// `10,3`: at most ten, at least three.
struct AutoscaleBounds: ExpressibleByArgument {
    let bounds: ClosedRange<Int>

    /// As Celery writes it: the upper bound first; the lower one may be left out and is 1 then.
    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let most = parts[0], most >= 1 else { return nil }
        guard parts.count == 2 else {
            bounds = 1...most
            return
        }
        guard let least = parts[1], least >= 0, least <= most else { return nil }
        bounds = max(1, least)...most
    }
}
