import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import Skirret
import SkirretRedis

/// `/api/core/version/`, `/api/core/settings/env/` and `/api/core/timezones/`: what this server is, for whoever shows it.
struct ServerRoutes: Routes {
    let services: APIServices

    var endpoints: [Endpoint] {
        [
            .get("/api/core/version", .open, version).described("The version of this server", .server) {
                $0.details = """
                    "version" is the version of Dispatcharr whose interface is served, which clients compare; \
                    "server_version" is Skirret's own.
                    """
                $0.answers[200] = Schema.answer([
                    "version": Schema.text, "timestamp": Schema.optional(Schema.text), "server": Schema.text,
                    "server_version": Schema.text,
                ])
            },
            .get("/api/core/settings/env", .signedIn, environment).described("Where this server runs", .server) {
                $0.details = "It asks nobody for its public address, so that and the place are null."
                let optional = Schema.optional(Schema.text)
                $0.answers[200] = Schema.answer([
                    "authenticated": Schema.flag, "public_ip": optional, "local_ip": optional,
                    "country_code": optional, "country_name": optional, "city": optional,
                    "ip_lookup_enabled": Schema.flag, "ip_lookup_env_disabled": Schema.flag,
                    "ip_lookup_pending": Schema.flag, "env_mode": Schema.text, "redis_tls": Schema.anyObject,
                    "postgres_tls": Schema.anyObject,
                ])
            },
            .get("/api/core/timezones", .signedIn, timeZones).described(
                "The time zones that settings may name", .server
            ) {
                $0.answers[200] = Schema.answer([
                    "timezones": Schema.list(of: Schema.text), "grouped": Schema.anyObject, "count": Schema.integer,
                ])
            },
        ]
    }

    @Sendable private func version(_ request: APIRequest) async throws -> Response {
        .json([
            "version": .string(HubVersion.dispatcharr), "timestamp": nil, "server": "Skirret",
            "server_version": .string(Release.version),
        ])
    }

    @Sendable private func environment(_ request: APIRequest) async throws -> Response {
        let tls = services.queue.url.tls
        return .json([
            "authenticated": true, "public_ip": nil, "local_ip": nil, "country_code": nil, "country_name": nil,
            "city": nil, "ip_lookup_enabled": false, "ip_lookup_env_disabled": true, "ip_lookup_pending": false,
            "env_mode": .string(ProcessInfo.processInfo.environment["DISPATCHARR_ENV"] ?? "aio"),
            "redis_tls": [
                "enabled": .bool(tls != nil), "verify": .bool(tls.map { $0.verification != .none } ?? true),
                "mtls": .bool(tls?.certificate != nil && tls?.key != nil),
            ],
            "postgres_tls": ["enabled": false, "ssl_mode": nil, "mtls": false],
        ])
    }

    @Sendable private func timeZones(_ request: APIRequest) async throws -> Response {
        let names = Set(TimeZone.knownTimeZoneIdentifiers + ["UTC"]).sorted()
        var grouped = JSONObject()
        for name in names {
            let parts = name.split(separator: "/", maxSplits: 1)
            let region = parts.count == 2 ? String(parts[0]) : "Other"
            grouped[region] = .array((grouped[region]?.array ?? []) + [.string(name)])
        }
        return .json([
            "timezones": .array(names.map(JSONValue.string)), "grouped": .object(grouped), "count": .int(names.count),
        ])
    }
}
