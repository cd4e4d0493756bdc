import ArgumentParser
import Foundation
import Skirret

/// The least that handing something to another process through Redis can cost: `LPUSH` here, `BRPOP` there.
struct HandOver {
    /// Between two rounds: what is measured begins idle, here and with our worker, so no condition could stand for it.
    static let pause = Duration.milliseconds(5)

    static let here = "bench-hand-over", back = "bench-hand-back"

    /// The other process: answers every message with the time at which it came.
    struct Receiver: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "receiver", abstract: "The other side of a bench.", shouldDisplay: false)

        @Argument var port: Int

        func run() throws {
            let client = try PerfectClient(port: port)
            while try client.send("BRPOP", HandOver.here, "10") != nil {
                try client.send("LPUSH", HandOver.back, String(BenchTasks.monotonicNanoseconds))
            }
        }
    }

    /// Microseconds from the push to the pop, `rounds` times.
    static func measure(port: Int, rounds: Int) throws -> [Double] {
        let receiver = try SupervisedProcess.start("/proc/self/exe", ["bench", "receiver", String(port)])
        defer { receiver.send(SIGKILL) }
        let client = try PerfectClient(port: port)
        return try (0..<rounds).map { _ in
            // Part of what is measured, not a wait for it: the other side is to be asleep when the push comes.
            Thread.sleep(forTimeInterval: pause.seconds)
            let began = BenchTasks.monotonicNanoseconds
            try client.send("LPUSH", here, "x")
            guard let came = Int(try client.send("BRPOP", back, "10") ?? "") else {
                throw BenchFailure("the receiving process of the hand-over does not answer")
            }
            return Double(came - began) / 1000
        }
    }
}
