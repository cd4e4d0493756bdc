import ArgumentParser
import CeleryProtocol
import Foundation
import Logging

extension BenchCommand {
    /// `skirret bench action`.
    struct Action: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure what an action of a plugin costs beyond its own work.",
            discussion: """
                A click's whole way, one after the other with pauses, on one connection: HTTP, the ledger's commit to disk, the queue,
                a worker, the plugin's process, and back with the result. Starts a Skirret of its own with a plugin whose
                run() returns at once; nothing that runs already is touched.

                With --celery the same run() is waited for in a Celery prefork worker behind Django's threaded server, and
                called in the request's own thread: that is LIMIT, as it leaves out everything but HTTP.

                EXAMPLES
                  skirret bench action
                  skirret bench action --celery .venv-test/bin/python
                  skirret bench action --rounds 500 --json
                """)

        @Option(help: "A Python with celery[redis] and Django, to be measured in the same run.")
        var celery: String?

        @Option(help: "How many actions are timed.")
        var rounds = 1000

        @Flag(help: "Print one JSON array.")
        var json = false

        func validate() throws {
            guard (10...1_000_000).contains(rounds) else {
                throw ValidationError("--rounds: expected 10 to 1000000, got \(rounds).")
            }
        }

        func run() async throws {
            LoggingSystem.bootstrap { LineLogHandler(label: $0, level: .warning) }
            let redis = try await BenchRedis.start()
            do {
                let readings = try await ActionBench(redis: redis, rounds: rounds, celery: celery).run()
                await redis.stop()
                if json { return Output.json(.array(readings.map(\.json))) }
                Output.table(Reading.header, readings.map(\.row))
                Output.line(
                    """

                    LIMIT is run() in the thread of a Django request; RATIO how many times that; BETTER ours to Celery's.
                    """)
            } catch {
                await redis.stop()
                throw error
            }
        }
    }
}
