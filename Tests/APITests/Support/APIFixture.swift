import Catalog
import CeleryProtocol
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import PluginRuntime
import Relay
import Skirret
import SkirretRedis
import SkirretTesting

@testable import API

/// A whole API on a real port: real Redis, real database, real folders; no worker unless a test brings one.
struct APIFixture: Sendable {
    static let token = "token-of-the-tests-0123456789abcdef"

    let server: APIServer
    let services: APIServices
    let configuration: APIConfiguration
    let url: RedisURL
    let folder: URL

    var pluginsFolder: URL { folder.appending(path: "plugins") }

    static let logger = Logger(label: "api-tests") { _ in SwiftLogNoOpLogHandler() }

    /// Builds the services around a throw-away Redis and a fresh folder, and takes them down afterwards.
    static func withServices<R>(
        limits: RelayLimits = .init(), change: (inout APIConfiguration) -> Void = { _ in },
        _ body: (APIFixture) async throws -> R
    ) async throws -> R {
        try await ThrowawayRedis.withServer { url in
            let folder = FileManager.default.temporaryDirectory.appending(path: "skirret-api-\(UUID().uuidString)")
            for name in ["plugins", "web/js", "web/vendor"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: name), withIntermediateDirectories: true)
            }
            defer { try? FileManager.default.removeItem(at: folder) }
            try webFiles(in: folder.appending(path: "web"))
            let queue = TaskQueue(url, logger: logger)
            let catalog = try await CatalogDatabase(path: folder.appending(path: "skirret.db").path)
            let environment = PythonEnvironment(
                executable: python, pluginsDirectory: folder.appending(path: "plugins").path, database: catalog.path,
                brokerURL: url.text, dataDirectory: folder.path)
            let hub = RelayHub(limits: limits, logger: logger)
            let events = EventBus(redis: queue.redis, subscriber: queue.subscriber, logger: logger)
            let ledger = Ledger(catalog, queue: queue, logger: logger)
            let services = APIServices(
                queue: queue, catalog: catalog, ledger: ledger, discovery: PluginDiscovery(environment), hub: hub,
                events: events)
            var configuration = APIConfiguration(dataFolder: folder, adminToken: token)
            configuration.port = 0
            configuration.passwordIterations = 1000
            configuration.webFolder = folder.appending(path: "web")
            change(&configuration)
            let server = APIServer(configuration: configuration, services: services, logger: logger)
            let fixture = APIFixture(
                server: server, services: services, configuration: configuration, url: url, folder: folder)
            do {
                let value = try await body(fixture)
                await queue.close()
                return value
            } catch {
                await queue.close()
                throw error
            }
        }
    }

    /// The same, served on a real port.
    static func withServer<R: Sendable>(
        limits: RelayLimits = .init(), change: (inout APIConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (APIFixture, any TestClientProtocol) async throws -> R
    ) async throws -> R {
        try await withServices(limits: limits, change: change) { fixture in
            try await fixture.server.makeApplication().test(.live) { client in try await body(fixture, client) }
        }
    }

    /// Runs a body while events flow from Redis into the hub.
    func withEvents(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [services] in
                do { try await services.events.run(into: services.hub) } catch is CancellationError {}
            }
            // Pub/sub keeps nothing: what is published before somebody listens is not for this listener.
            while try await services.queue.redis.send("PUBSUB", "NUMSUB", "skirret:events").array?.last?.int != 1 {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await body()
            group.cancelAll()
        }
    }

    /// Runs a body with a real worker that knows these tasks.
    func withWorker(_ tasks: [RegisteredTask], _ body: @escaping @Sendable () async throws -> Void) async throws {
        let queue = TaskQueue(url, logger: Self.logger)
        let worker = Worker(
            queue, registry: TaskRegistry(tasks), options: WorkerOptions(name: "test@here"), logger: Self.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await worker.run() }  // Ends by cancellation, whatever it throws then.
            try await body()
            group.cancelAll()
        }
        await queue.close()
    }

    /// A file of the web app that is worth packing.
    static let longStyle = String(repeating: "body { margin: 0 }\n", count: 200)

    private static func webFiles(in web: URL) throws {
        let script = "export const answer = 42;\n"
        for (name, text) in [
            ("index.html", #"<script src="/assets/__BUILD__/js/main.js"></script>"#), ("js/main.js", script),
            ("js/main.js.gz", "not really gzip"), ("long.css", longStyle), ("short.css", "a{}"),
            ("vendor.py", "print('not for browsers')"),
        ] {
            try Data(text.utf8).write(to: web.appending(path: name))
        }
    }

    /// The virtual environment of the checkout, or the system's interpreter: listing plugins needs no package.
    private static let python: String = {
        var folder = URL(filePath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appending(path: ".venv/bin/python").path
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        return "/usr/bin/python3"
    }()
}

extension TestClientProtocol {
    /// One request, as the administrator unless told otherwise.
    func send(
        _ method: HTTPRequest.Method, _ path: String, json: JSONValue? = nil, body: String? = nil,
        headers extra: HTTPFields = [:], isAdmin: Bool = true
    ) async throws -> Answer {
        var headers = extra
        if isAdmin, headers[.authorization] == nil { headers[.authorization] = "Bearer \(APIFixture.token)" }
        if json != nil { headers[.contentType] = "application/json" }
        let bytes = json.map { ByteBuffer(bytes: $0.encoded()) } ?? body.map { ByteBuffer(string: $0) }
        return try await execute(uri: path, method: method, headers: headers, body: bytes) { response in
            Answer(
                status: response.status.code, headers: response.headers, text: String(buffer: response.body))
        }
    }
}

/// A response, read.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String

    var json: JSONValue { (try? JSONValue(parsing: text)) ?? .null }
    var code: String? { json["code"]?.string }
    var error: String? { json["error"]?.string }
}
