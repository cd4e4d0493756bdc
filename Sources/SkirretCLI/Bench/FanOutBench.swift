import Foundation

/// Events to many sockets: how many deliveries a second, how late, and what an idle socket costs.
struct FanOutBench {
    struct Plan {
        var clients = 1000
        /// Events in one burst; ``perSocket`` of a burst decides what is delivered a second.
        var burst = 500
        /// Events a second, and for how many seconds, when lateness is measured.
        var calmRate = 4.0
        var calmSeconds = 10.0
        /// A Python with django, channels, channels_redis and uvicorn.
        var channels: String?
        /// nginx, with the nchan module.
        var nginx: String?
    }

    struct Figures {
        var perSecond: Double
        var delivered: Double
        var p50: Double
        var p99: Double
        var kilobytes: Double
    }

    let plan: Plan
    let redis: BenchRedis
    let folder: URL
    let tell: (String) -> Void

    /// Measures each server alone, one after the other.
    func run() async throws -> [(name: String, figures: Figures)] {
        var all = [try await measure(OurRelay.start(redis: redis, in: folder), burst: plan.burst)]
        if let python = plan.channels {
            // A fiftieth: it delivers some thousand a second.
            let peer = try await Channels.start(python: python, redis: redis.port, in: folder)
            all.append(try await measure(peer, burst: max(1, plan.burst / 50)))
        }
        if let nginx = plan.nginx {
            all.append(try await measure(Nchan.start(nginx: nginx, in: folder), burst: plan.burst))
        }
        return all
    }

    private func measure(_ server: any FanOutServer, burst: Int) async throws -> (String, Figures) {
        do {
            tell("\(server.name): \(plan.clients) clients, \(burst) events at once")
            let before = residentKilobytes(of: server.pid)
            var idle = 0.0
            let fast = try await listen(to: server, events: burst) {
                idle = residentKilobytes(of: server.pid) - before
                try await server.publish(burst, perSecond: nil)
            }
            let calm = Int(plan.calmRate * plan.calmSeconds)
            tell("\(server.name): \(calm) events, \(plan.calmRate) a second")
            let slow = try await listen(to: server, events: calm) {
                try await server.publish(calm, perSecond: plan.calmRate)
            }
            await server.stop()
            let expected = Double(plan.clients * (burst + calm))
            return (
                server.name,
                Figures(
                    perSecond: Double(fast.count) / (Double(fast.last - fast.began) / 1e9),
                    delivered: Double(fast.count + slow.count) / expected, p50: slow.p50, p99: slow.p99,
                    kilobytes: idle / Double(plan.clients))
            )
        } catch {
            await server.stop()
            throw error
        }
    }

    private struct Heard {
        var began: Int
        var count: Int
        var last: Int
        var p50: Double
        var p99: Double
    }

    private func listen(
        to server: any FanOutServer, events: Int, _ publish: () async throws -> Void
    ) async throws -> Heard {
        let listeners = try BenchProcess.start(
            "/proc/self/exe",
            ["bench", "listeners", String(server.port), server.path, String(plan.clients), String(events)], in: folder)
        guard listeners.line() == "ready" else {
            throw BenchFailure("\(server.name): the listeners could not connect")
        }
        let began = BenchTasks.monotonicNanoseconds
        try await publish()
        let words = listeners.line()?.split(separator: " ") ?? []
        guard words.count == 4, let count = Int(words[0]), let last = Int(words[1]), let p50 = Double(words[2]),
            let p99 = Double(words[3])
        else { throw BenchFailure("\(server.name): the listeners ended early") }
        return Heard(began: began, count: count, last: last, p50: p50, p99: p99)
    }
}
