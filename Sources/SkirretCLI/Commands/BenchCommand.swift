import ArgumentParser
import CeleryProtocol
import Foundation
import Logging

/// `skirret bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this machine.",
        subcommands: [
            Queue.self, Action.self, Relay.self, BenchIngestCommand.self, IngestStep.self, HandOver.Receiver.self,
            FanOutListeners.self,
        ],
        defaultSubcommand: Queue.self)

    /// `skirret bench queue`.
    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure the queue beside Redis's own limit, and beside Celery if wanted.",
            discussion: """
                Starts a redis-server and workers of its own; nothing that runs already is touched. LIMIT is what a
                client over hiredis alone reaches when it plays the very same bytes back to the same Redis; for
                latencies a bare LPUSH to a BRPOP in another process, in turns with ours. With --celery the same work
                is done by a real Celery from PyPI. Callers run on the connection's own thread (RedisClient.executor),
                except where a row says that they come from Swift's pool. A drain begins when Redis has forgotten the
                sending, as it has half a minute after the last message.

                EXAMPLES
                  skirret bench queue
                  skirret bench queue --celery .venv/bin/python
                  skirret bench queue --quick --json
                  skirret bench queue --only enqueue,latency
                """)

        @Option(help: "A Python with celery[redis], to be measured in the same run.")
        var celery: String?

        @Option(help: "How many no-op tasks the drains have.")
        var tasks = 200_000

        @Option(help: "A worker's slots.")
        var concurrency = 64

        @Option(help: "Only these parts, with commas between: enqueue, drain, latency, lateness, idle.")
        var only: String?

        @Flag(help: "A tenth of everything: a minute instead of several, and rougher figures.")
        var quick = false

        @Flag(help: "Print one JSON array.")
        var json = false

        func run() async throws {
            LoggingSystem.bootstrap { LineLogHandler(label: $0, level: .warning) }
            var plan = QueueBench.Plan()
            plan.tasks = quick ? min(tasks, 20_000) : tasks
            plan.celery = celery
            plan.concurrency = concurrency
            if let only { plan.parts = try Self.parts(only) }
            if quick {
                plan.sample = 5_000
                plan.backlog = 100_000
                plan.rounds = 100
                plan.ahead = 20_000
            }
            let redis = try await BenchRedis.start()
            do {
                let readings = try await QueueBench(plan: plan, redis: redis, tell: Self.progress).run()
                await redis.stop()
                if json { return Output.json(.array(readings.map(\.json))) }
                Output.table(Reading.header, readings.map(\.row))
                Output.line(
                    """

                    RATIO is ours to the limit (for times: how many times the least possible), BETTER ours to Celery's.
                    """)
            } catch {
                await redis.stop()
                throw error
            }
        }

        private static func parts(_ text: String) throws -> [QueueBench.Part] {
            try text.split(separator: ",").map { name in
                guard let part = QueueBench.Part(rawValue: String(name)) else {
                    let known = QueueBench.Part.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("--only: expected some of \(known), got '\(name)'.")
                }
                return part
            }
        }

        /// On the error stream, so that the output stays a table or JSON.
        private static func progress(_ what: String) {
            FileHandle.standardError.write(Data("measuring: \(what)\n".utf8))
        }
    }
}
