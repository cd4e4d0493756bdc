import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird
import PluginRuntime
import Skirret
import SkirretRedis

/// `POST /api/plugins/plugins/<key>/ui/watch/`: a page says what it shows, and hears of it when that changes.
struct PluginWatchRoutes: Routes {
    let services: APIServices
    let shelf: PluginShelf
    let poller: DataSourcePoller
    let runDeadline: Duration
    private let path = "/api/plugins/plugins/:key/ui"

    private static let watcher = Schema.text(pattern: "^[A-Za-z0-9-]{8,64}$")
    private static let name = Schema.text(atMost: 4000, atLeast: 1)
    private static let topic = Schema.text(pattern: "^source:[0-9a-f]{32}$")

    var endpoints: [Endpoint] {
        [
            .post("\(path)/watch", .admin, watch).described("Watch a data source of a page", .plugins) {
                $0.details = """
                    The server asks it every "interval" seconds, once for all who watch it, and tells what is new on the \
                    WebSocket topic "source": {"type":"source_data","source","version","state","answer"}. An "answer" is \
                    what run/ or ui/resource/ would have answered; a long one is left out there and stands in the answer to \
                    this request, whenever "version" is not the caller's. Say it again every "renew_after" seconds; half a \
                    minute of silence ends the watch.
                    """
                $0.body = Schema.object(
                    [
                        "watcher": Self.watcher, "kind": Schema.choice(DataSource.Kind.allCases.map(\.rawValue)),
                        "name": Self.name, "params": Schema.anyObject, "allow_disabled": Schema.flag,
                        "interval": ["type": "number", "minimum": 1, "maximum": 86_400],
                        "version": Schema.optional(Schema.text(atMost: 64)),
                        "now": Schema.flag,
                    ], needs: ["watcher", "kind", "name", "interval"])
                $0.needsBody = true
                $0.answers[200] = Schema.object(
                    [
                        "success": ["const": true], "source": Self.topic, "renew_after": Schema.number,
                        "version": Schema.optional(Schema.text), "state": Schema.choice(["pending", "ok", "error"]),
                        "answer": Schema.any, "asked_at": Schema.optional(Schema.time),
                    ], needs: ["success", "source", "renew_after", "version", "state"])
            },
            .post("\(path)/unwatch", .admin, leave).described("Watch data sources no more", .plugins) {
                $0.body = Schema.object(
                    [
                        "watcher": Self.watcher,
                        "sources": ["type": "array", "items": Self.topic, "maxItems": 200],
                    ], needs: ["watcher", "sources"])
                $0.needsBody = true
                $0.answers[200] = Schema.success()
            },
            .post("\(path)/fetch", .admin, fetch).described("Read an address of another site for a page", .plugins) {
                $0.details = """
                    A worker fetches it with GET, at most 8 MiB of JSON or text in half a minute. Addresses of private \
                    networks are refused, and redirects to them.
                    """
                $0.body = Schema.object(["url": Self.name, "params": Schema.anyObject], needs: ["url"])
                $0.needsBody = true
                $0.answers = [200: Schema.success(["result": Schema.any]), 202: Schema.accepted]
            },
        ]
    }

    @Sendable private func watch(_ request: APIRequest) async throws -> Response {
        let wish = try Wish(try await request.jsonObject(), plugin: try request.parameter("key"))
        let row = try await shelf.row(wish.source.plugin)
        guard try await shelf.mayAnswer(row, wish.source.name, whileDisabled: wish.source.allowsDisabled) else {
            throw APIError.pluginDisabled
        }
        let standing = try await stand(wish, for: request)
        poller.ring()
        let topic = DataSource.topics + wish.source.id
        var body: JSONObject = [
            "source": .string(topic), "renew_after": .double(DataSourceStore.renewal / .seconds(1)),
            "version": JSONValue(standing.version),
            "state": .string(standing.version == nil ? "pending" : standing.isError ? "error" : "ok"),
            "asked_at": JSONValue(standing.askedAt.map(APITime.text)),
        ]
        if let answer = standing.answer { body["answer"] = answer }
        return .success(body)
    }

    private func stand(_ wish: Wish, for request: APIRequest) async throws -> DataSourceStore.Standing {
        do {
            return try await DataSourceStore(redis: services.redis).watch(
                wish.source, every: wish.interval, as: wish.watcher, of: request.context.principal?.identity ?? "",
                knowing: wish.version, asksNow: wish.asksNow)
        } catch let refusal as DataSourceStore.Refusal {
            let count = refusal == .tooManyOfOne ? DataSourceStore.mostOfOne : DataSourceStore.mostOfAll
            throw APIError(
                .tooManyRequests, code: "too_many_sources",
                "At most \(count) data sources can be watched \(refusal == .tooManyOfOne ? "by one person" : "at a time").",
                hint: "Close pages that are not looked at, or ask run/ and ui/resource/ directly.",
                headers: [.retryAfter: "30"])
        }
    }

    @Sendable private func leave(_ request: APIRequest) async throws -> Response {
        _ = try await shelf.row(try request.parameter("key"))
        var reader = FieldReader(try await request.jsonObject())
        var watcher = "", topics: [String] = []
        Wish.readWatcher(&reader) { watcher = $0 }
        reader.list("sources") { topics = $0.compactMap(\.string) }
        if (reader.object["sources"]?.array?.count ?? -1) != topics.count || topics.count > 200 {
            reader.fault("sources: expected a list of at most 200 topics")
        }
        let ids = topics.map { $0.hasPrefix(DataSource.topics) ? String($0.dropFirst(DataSource.topics.count)) : "" }
        if !ids.allSatisfy({ $0.utf8.count == 32 && $0.allSatisfy(\.isHexDigit) && $0 == $0.lowercased() }) {
            reader.fault("sources: expected topics such as source:0123456789abcdef0123456789abcdef")
        }
        try reader.finish()
        let store = DataSourceStore(redis: services.redis)
        for id in ids { try await store.leave(id, as: watcher, of: request.context.principal?.identity ?? "") }
        return .success()
    }

    @Sendable private func fetch(_ request: APIRequest) async throws -> Response {
        let row = try await shelf.row(try request.parameter("key"))
        let body = try await request.jsonObject()
        guard let address = body["url"]?.string, Wish.isName(address) else {
            throw APIError.badRequest("url: expected an address of 1 to 4000 characters", code: "invalid_fields")
        }
        guard body["params"] == nil || body["params"]?.object != nil else {
            throw APIError.badRequest("params: expected an object", code: "invalid_fields")
        }
        guard row.isEnabled else { throw APIError.pluginDisabled }
        let source = DataSource(plugin: row.key, kind: .url, name: address, params: body["params"] ?? [:])
        let id = try await services.queue.send(source.call.task, args: source.call.args)
        return try await TaskAnswer(services: services).answer(id, to: request, within: runDeadline).0
    }
}

/// What a page wants to watch.
private struct Wish {
    let source: DataSource
    let interval: Duration
    let watcher: String
    /// Of the answer that the page has; empty for none.
    let version: String
    let asksNow: Bool

    /// - Throws: 400 naming every fault.
    init(_ body: JSONObject, plugin: String) throws(APIError) {
        var reader = FieldReader(body)
        var watcher = "", kind = DataSource.Kind.action, name = "", params = JSONObject(), seconds = 0.0
        var version = "", asksNow = false, allowsDisabled = false
        Self.readWatcher(&reader) { watcher = $0 }
        for field in ["kind", "name", "interval"] where body[field] == nil { reader.fault("\(field): required") }
        reader.choice("kind", of: DataSource.Kind.self) { kind = $0 }
        reader.text("name") { name = $0 ?? "" }
        if body["name"] != nil, !Self.isName(name) { reader.fault("name: expected 1 to 4000 characters") }
        reader.strictObject("params") { params = $0 }
        reader.strictBool("allow_disabled") { allowsDisabled = $0 }
        reader.strictBool("now") { asksNow = $0 }
        reader.text("version") { version = $0 ?? "" }
        if version.unicodeScalars.count > 64 { reader.fault("version: expected at most 64 characters") }
        if let value = body["interval"] {
            seconds = value.bool == nil ? value.double ?? 0 : 0
            if !DataSourceStore.intervals.contains(seconds) { reader.fault("interval: expected 1 to 86400 seconds") }
        }
        try reader.finish()
        source = DataSource(
            plugin: plugin, kind: kind, name: name, params: .object(params), allowsDisabled: allowsDisabled)
        interval = .milliseconds(Int(seconds * 1000))
        self.watcher = watcher
        self.version = version
        self.asksNow = asksNow
    }

    static func isName(_ text: String) -> Bool { 1...4000 ~= text.unicodeScalars.count }

    static func readWatcher(_ reader: inout FieldReader, _ assign: (String) -> Void) {
        guard let text = reader.object["watcher"]?.string, (8...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ CallReader.isQueueLetter($0) && !"_.:@".utf8.contains($0) })
        else { return reader.fault("watcher: expected 8 to 64 letters, digits and hyphens, the page's own") }
        assign(text)
    }
}
