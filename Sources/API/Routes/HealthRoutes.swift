import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import Logging
import Relay
import SkirretRedis

/// Liveness, readiness, and the counters that a monitor reads.
struct HealthRoutes: Routes {
    let services: APIServices
    let traffic: TrafficCounters

    var endpoints: [Endpoint] {
        [
            .get("/health/live", .open) { _ in .json(["status": "ok"]) }
                .described("Whether this process runs", .server) {
                    $0.answers[200] = Schema.answer(["status": Schema.text])
                },
            .get("/health/ready", .open, ready).described("Whether work can be accepted now", .server) {
                let parts = Schema.answer(["status": Schema.text, "redis": Schema.flag, "database": Schema.flag])
                $0.answers = [200: parts, 503: parts]
            },
            .get("/metrics", .admin, metrics).described("Counters, in Prometheus' text format", .server) {
                $0.mediaType = "text/plain"
                $0.answers[200] = Schema.text
            },
        ]
    }

    /// 200 when work can be accepted now: Redis and the database both answer.
    @Sendable private func ready(_ request: APIRequest) async throws -> Response {
        async let redis = check("redis", request) { _ = try await services.redis.send("PING") }
        async let database = check("database", request) { _ = try await services.catalog.settings.all() }
        let checks = await (redis: redis, database: database)
        let isReady = checks.redis && checks.database
        return .json(
            [
                "status": isReady ? "ok" : "unavailable", "redis": .bool(checks.redis),
                "database": .bool(checks.database),
            ], status: isReady ? .ok : .serviceUnavailable)
    }

    private func check(_ name: String, _ request: APIRequest, _ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch {
            request.logger.warning("Not ready", metadata: ["part": "\(name)", "error": "\(error)"])
            return false
        }
    }

    /// Prometheus text format, version 0.0.4.
    @Sendable private func metrics(_ request: APIRequest) async throws -> Response {
        let relay = services.hub.statistics
        var text = MetricsText()
        text.family("skirret_http_responses_total", "counter", "Answers by class of status.")
        for (digit, count) in traffic.byClass {
            text.sample("skirret_http_responses_total", ["class": "\(digit)xx"], count)
        }
        text.single("skirret_relay_sockets", "gauge", "WebSockets open now.", relay.open)
        text.single("skirret_relay_events_total", "counter", "Events handed to the relay.", relay.published)
        text.family("skirret_relay_closed_total", "counter", "WebSockets that closed, by cause.")
        let others = relay.closed - relay.closedTooSlow - relay.closedUnauthenticated - relay.closedForBehaviour
        for (cause, count) in [
            ("too_slow", relay.closedTooSlow), ("unauthenticated", relay.closedUnauthenticated),
            ("behaviour", relay.closedForBehaviour), ("other", others),
        ] {
            text.sample("skirret_relay_closed_total", ["cause": cause], count)
        }
        let headers: HTTPFields = [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"]
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text.text)))
    }
}

/// Lines of Prometheus' text format.
///
/// Names and labels come from us, never from data.
struct MetricsText {
    private(set) var text = ""

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: KeyValuePairs<String, String>, _ value: Int) {
        let list = labels.map { #"\#($0.key)="\#($0.value)""# }.joined(separator: ",")
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
    }

    mutating func single(_ name: String, _ type: String, _ help: String, _ value: Int) {
        family(name, type, help)
        sample(name, [:], value)
    }
}
