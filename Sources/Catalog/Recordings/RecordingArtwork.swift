import CeleryProtocol
import FoundationEssentials
import GRDB

/// A poster for a recording, and where it was found.
public struct RecordingArtwork: Sendable, Equatable {
    /// Where the picture is.
    public let url: String
    /// Its row among the logos, when it is one.
    public let logoID: Int?
    /// `programme`, `library` or `channel`.
    public let origin: String
}

extension RecordingTable {
    /// The best picture for a recording that the database knows: the guide's of that programme, the library's of a film
    /// or a series of that title, the channel's logo; nil when there is none.
    ///
    /// Nobody outside is asked: titles that people record stay here.
    public func artwork(for recording: Recording) async throws -> RecordingArtwork? {
        try await pool.read { db in
            if let url = try Self.programmeImage(db, recording) {
                return RecordingArtwork(url: url, logoID: nil, origin: "programme")
            }
            if let title = recording.properties["program"]?["title"]?.string, !title.isEmpty,
                let url = try Self.libraryImage(db, title)
            {
                return RecordingArtwork(url: url, logoID: nil, origin: "library")
            }
            guard let channel = try ChannelTable.fetch(db, [recording.channelID]).first, let logo = channel.logoID,
                let url = try String.fetchOne(
                    db, sql: #"SELECT "url" FROM "dispatcharr_channels_logo" WHERE "id" = ?"#, arguments: [logo])
            else { return nil }
            return RecordingArtwork(url: url, logoID: logo, origin: "channel")
        }
    }

    /// The picture of the programme that covers most of the recording.
    private static func programmeImage(_ db: Database, _ recording: Recording) throws -> String? {
        guard let guide = try ChannelTable.fetch(db, [recording.channelID]).first?.guideID else { return nil }
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT "start_time", "end_time", "title", "custom_properties" FROM "epg_programdata"
                WHERE "epg_id" = ? AND "start_time" < ? AND "end_time" > ?
                """,
            arguments: [guide, DjangoTime.text(recording.end), DjangoTime.text(recording.start)])
        let title = recording.properties["program"]?["title"]?.string
        func overlap(_ row: Row) -> Double {
            let start = max(row.time("start_time") ?? .distantFuture, recording.start)
            let end = min(row.time("end_time") ?? .distantPast, recording.end)
            // The programme that the recording was made for, however much else its lead and trail cover.
            return end.timeIntervalSince(start) + (row["title"] == title ? 1e9 : 0)
        }
        guard let best = rows.max(by: { overlap($0) < overlap($1) }) else { return nil }
        let properties = best.object("custom_properties")
        let images = properties["images"]?.array ?? []
        let poster = images.first { $0["type"]?.string?.contains("poster") == true } ?? images.first
        return poster?["url"]?.string ?? poster?.string ?? properties["icon"]?.string
    }

    private static func libraryImage(_ db: Database, _ title: String) throws -> String? {
        try String.fetchOne(
            db,
            sql: """
                SELECT logo."url" FROM "vod_vodlogo" AS logo
                JOIN (
                    SELECT "logo_id", 0 AS "place" FROM "vod_series" WHERE "name" = ?1 COLLATE NOCASE
                    UNION ALL SELECT "logo_id", 1 FROM "vod_movie" WHERE "name" = ?1 COLLATE NOCASE
                ) AS work ON work."logo_id" = logo."id"
                ORDER BY work."place" LIMIT 1
                """,
            arguments: [title])
    }
}
