import Catalog
import CeleryProtocol
import HTTPTypes
import Hummingbird

/// `/api/channels/streams/`: what the playlists hold, to read.
struct StreamRoutes: Routes {
    let services: APIServices

    private static let stream = Schema.answer([
        "id": Schema.integer, "name": Schema.text, "url": Schema.optional(Schema.text),
        "m3u_account": Schema.optional(Schema.integer), "channel_group": Schema.optional(Schema.text),
        "logo_url": Schema.optional(Schema.text), "tvg_id": Schema.optional(Schema.text),
        "stream_chno": Schema.optional(Schema.number), "is_stale": Schema.flag,
        "last_seen": Schema.optional(Schema.time),
    ])

    /// A stream's address often holds the account's password.
    private static let secrets = ["url"]

    var endpoints: [Endpoint] {
        [
            .get("/api/channels/streams", .standard, list).described("Streams of the playlists, page by page", .sources)
            {
                $0.query = StreamSearch.parameters
                $0.answers[200] = Schema.page("streams", of: Self.stream)
            }
        ]
    }

    @Sendable private func list(_ request: APIRequest) async throws -> Response {
        let query = try StreamSearch(request).query
        let page = try await services.catalog.streams.page(query)
        let next = page.count == query.limit ? page.last.map { String($0.id, radix: 36) } : nil
        let rows = page.map { row in
            request.visible(
                [
                    "id": .int(row.id), "name": .string(row.name), "url": JSONValue(row.url),
                    "m3u_account": JSONValue(row.accountID), "channel_group": JSONValue(row.group),
                    "logo_url": JSONValue(row.logoURL), "tvg_id": JSONValue(row.tvgID),
                    "stream_chno": row.number.map(JSONValue.double) ?? .null, "is_stale": .bool(row.isStale),
                    "last_seen": row.lastSeen.map { .string(APITime.text($0)) } ?? .null,
                ], without: Self.secrets)
        }
        return .json(["streams": .array(rows), "next": JSONValue(next)])
    }
}

/// The filters of `GET /api/channels/streams/`, from its query.
struct StreamSearch {
    private(set) var query = StreamQuery()

    static let parameters: [Operation.Parameter] = [
        .init("account", Schema.integer(1...Int(Int32.max)), "Only streams of this playlist."),
        .init("group", Schema.text(atMost: 255, atLeast: 1), "Only streams of this group."),
        .init(
            "search", Schema.text(atMost: 200, atLeast: 1),
            "Text in the name; the case of ASCII letters does not matter."),
        .init("cursor", Schema.text(pattern: "^[0-9a-z]{1,12}$"), "Where to go on: \"next\" of the page before."),
        .init("limit", Schema.integer(1...200), "How many; 50 unless told otherwise."),
    ]

    /// - Throws: 400 with every fault.
    init(_ request: APIRequest) throws(APIError) {
        var faults: [String] = []
        func words(_ name: String, _ most: Int) -> String? {
            guard let text = request.query(name) else { return nil }
            if !(1...most).contains(text.unicodeScalars.count) {
                faults.append("\(name): expected 1 to \(most) characters")
            }
            return text
        }
        func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
            guard let text = request.query(name) else { return nil }
            guard let value = Int(text), range.contains(value) else {
                faults.append("\(name): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return value
        }
        query.account = number("account", 1...Int(Int32.max))
        query.group = words("group", 255)
        query.text = words("search", 200)
        query.limit = number("limit", 1...200) ?? query.limit
        if let cursor = request.query("cursor") {
            let isOurs = cursor.utf8.count <= 12 && cursor.utf8.allSatisfy { $0.isDigitOrLowercaseLetter }
            if let id = Int(cursor, radix: 36), isOurs {
                query.after = id
            } else {
                faults.append("cursor: expected \"next\" of the page before")
            }
        }
        guard faults.isEmpty else { throw .badRequest(faults.joined(separator: "; "), code: "invalid_fields") }
    }
}

extension UInt8 {
    fileprivate var isDigitOrLowercaseLetter: Bool { (0x30...0x39).contains(self) || (0x61...0x7A).contains(self) }
}
