import ArgumentParser
import Foundation
import Logging

extension BenchCommand {
    /// `skirret bench relay`.
    struct Relay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measure how events reach many browsers, beside Django Channels and nchan if wanted.",
            discussion: """
                Starts servers of its own on free ports: a redis-server, skirret api, and the peers. A process with one
                thread opens the sockets and counts what they hear; it shares the machine with the server.

                DELIVERED/S is a burst sent as fast as it is taken; DELIVERED is the share that arrived at all; P50 and
                P99 are from publishing to the socket, at a calm rate.

                EXAMPLES
                  skirret bench relay
                  skirret bench relay --channels .venv-bench/bin/python --nginx /usr/sbin/nginx
                """)

        @Option(help: "How many sockets listen.")
        var clients = 1000

        @Option(help: "A Python with django, channels, channels_redis and uvicorn, to be measured too.")
        var channels: String?

        @Option(help: "nginx with the nchan module (Debian: libnginx-mod-nchan), to be measured too.")
        var nginx: String?

        func run() async throws {
            LoggingSystem.bootstrap { LineLogHandler(label: $0, level: .warning) }
            var plan = FanOutBench.Plan()
            (plan.clients, plan.channels, plan.nginx) = (clients, channels, nginx)
            let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-bench-\(getpid())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            // try?: a left-over in the temporary folder harms nobody.
            defer { try? FileManager.default.removeItem(at: folder) }
            let redis = try await BenchRedis.start()
            let bench = FanOutBench(plan: plan, redis: redis, folder: folder) { what in
                FileHandle.standardError.write(Data("measuring: \(what)\n".utf8))
            }
            do {
                let all = try await bench.run()
                await redis.stop()
                let ours = all[0].figures.perSecond
                Output.table(
                    ["SERVER", "DELIVERED/S", "OURS IS", "DELIVERED", "P50 ms", "P99 ms", "KB/SOCKET"],
                    all.map { name, figures in
                        [
                            name, String(format: "%.0f", figures.perSecond),
                            String(format: "%.2fx", ours / figures.perSecond),
                            String(format: "%.1f%%", figures.delivered * 100),
                            String(format: "%.2f", figures.p50 / 1000), String(format: "%.2f", figures.p99 / 1000),
                            String(format: "%.1f", figures.kilobytes),
                        ]
                    })
            } catch {
                await redis.stop()
                throw error
            }
        }
    }
}
