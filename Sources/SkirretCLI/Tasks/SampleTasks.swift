import CeleryProtocol
import Skirret

/// Small tasks to try a worker with; `skirret worker --samples` knows them.
enum SampleTasks {
    static let add = TaskDefinition("samples.add", parameters: ["x", "y"]) { (x: JSONValue, y: JSONValue) in
        if let x = x.int, let y = y.int {
            let (sum, overflow) = x.addingReportingOverflow(y)
            if !overflow { return JSONValue.int(sum) }
        }
        guard case .number(let x) = x, case .number(let y) = y else {
            throw TaskFailure.builtin(
                "TypeError", "samples.add() adds numbers, got \(pythonRepr(x)) and \(pythonRepr(y))")
        }
        return .double(x.double + y.double)
    }

    static let fail = TaskDefinition("samples.fail", parameters: ["message"]) { (message: String) -> JSONValue in
        throw TaskFailure.builtin("ValueError", message, traceback: "ValueError: \(message)\n  in samples.fail")
    }

    static let sleep = TaskDefinition("samples.sleep", parameters: ["seconds"]) { (seconds: JSONValue) in
        try await Task.sleep(for: .seconds(seconds.double ?? 0))
        return seconds
    }

    /// The sum of a list, for the bodies of chords.
    static let total = TaskDefinition("samples.total", parameters: ["numbers"]) { (numbers: [Int]) in
        numbers.reduce(0, &+)
    }

    static let echo = RegisteredTask(name: "samples.echo") { _, args, kwargs in
        ["args": .array(args), "kwargs": .object(kwargs)]
    }

    static let flaky = TaskDefinition("samples.flaky", parameters: ["fail_times"]) {
        (context: TaskContext, times: Int) in
        if context.retries < times {
            throw context.retry(after: .milliseconds(300), because: TaskFailure.builtin("RuntimeError", "again"))
        }
        return context.retries
    }

    static let all: [RegisteredTask] =
        [
            add.registered, total.registered, fail.registered, sleep.registered, echo, flaky.registered,
            JournalTask.task.registered,
        ] + BenchTasks.all
}
