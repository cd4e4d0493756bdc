import ArgumentParser
import Foundation
import Skirret

/// The least that handing something to another process through Redis can cost: `LPUSH` here, `BRPOP` there.
///
/// The other process stays until this value goes, so that rounds can be measured in between those of ours: how deep an idle
/// machine sleeps, and how long it takes to wake up, changes by the minute.
final class HandOver {
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
            while try client.send("BRPOP", HandOver.here, "60") != nil {
                try client.send("LPUSH", HandOver.back, String(BenchTasks.monotonicNanoseconds))
            }
        }
    }

    private let client: PerfectClient
    private let receiver: SupervisedProcess

    init(port: Int) throws {
        client = try PerfectClient(port: port)
        receiver = try SupervisedProcess.start("/proc/self/exe", ["bench", "receiver", String(port)])
    }

    deinit { receiver.send(SIGKILL) }

    /// Microseconds from the push to the pop, `rounds` times.
    func measure(rounds: Int) throws -> [Double] {
        try (0..<rounds).map { _ in
            // Part of what is measured, not a wait for it: the other side is to be asleep when the push comes.
            Thread.sleep(forTimeInterval: Self.pause.seconds)
            let began = BenchTasks.monotonicNanoseconds
            try client.send("LPUSH", Self.here, "x")
            guard let came = Int(try client.send("BRPOP", Self.back, "10") ?? "") else {
                throw BenchFailure("the receiving process of the hand-over does not answer")
            }
            return Double(came - began) / 1000
        }
    }
}
