import CeleryProtocol
import Foundation
import GRDB

@testable import Catalog

extension StagedStream {
    /// Entry number n of a playlist.
    static func numbered(_ n: Int, group: String = "News", name: String? = nil) -> StagedStream {
        let hash = String(format: "%064x", n)
        let properties: JSONObject = ["tvg-id": .string("s.\(n)"), "tvg-name": "Größe", "n": .int(n)]
        return StagedStream(
            hash: hash, name: name ?? "Stream \(n)", url: "http://example.net/\(n).ts", group: group,
            logoURL: n % 2 == 0 ? nil : "http://example.net/\(n).png", guideID: "s.\(n)",
            customProperties: properties.encoded(),
            channelNumber: n % 3 == 0 ? nil : Double(n))
    }
}

extension StagedProgramme {
    /// Programme number n of a guide channel; an hour each.
    static func numbered(_ n: Int, on channel: String, title: String? = nil) -> StagedProgramme {
        let start = Date(timeIntervalSince1970: 1_800_000_000 + Double(n) * 3600)
        return StagedProgramme(
            channelID: channel, start: start, end: start.addingTimeInterval(3600), title: title ?? "Programme \(n)",
            description: n % 2 == 0 ? nil : "About \(n)",
            customProperties: n % 3 == 0 ? Array(#"{"season":\#(n)}"#.utf8) : nil)
    }
}

extension CatalogDatabase {
    /// A channel as Django would write it, perhaps with a stream or a guide; returns its identifier.
    @discardableResult
    func addChannel(stream: Int? = nil, guide: Int? = nil, autoCreatedBy account: Int? = nil) async throws -> Int {
        try await pool.write { db in
            let now = DjangoTime.text(Date())
            try db.execute(
                sql: """
                    INSERT INTO dispatcharr_channels_channel (
                        name, uuid, user_level, is_adult, auto_created, auto_created_by_id, is_catchup, catchup_days,
                        hidden_from_output, created_at, updated_at, epg_data_id
                    )
                    VALUES ('Channel', ?, 0, 0, 1, ?, 0, 0, 0, ?, ?, ?)
                    """,
                arguments: [UUID().djangoText, account, now, now, guide])
            let channel = Int(db.lastInsertedRowID)
            if let stream {
                try db.execute(
                    sql:
                        #"INSERT INTO dispatcharr_channels_channelstream (channel_id, stream_id, "order") VALUES (?, ?, 0)"#,
                    arguments: [channel, stream])
            }
            return channel
        }
    }
}
