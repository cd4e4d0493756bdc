import CeleryProtocol
import GRDB

extension EPGSourceTable {
    /// So many showings are looked at in one go, whatever a guide's size.
    private static let mostShowings = 100_000

    /// Showings for whose programmes no artwork of a style was looked for yet: their `epg_programdata.id` and programme.
    ///
    /// - Parameters:
    ///   - source: Whose.
    ///   - guide: Only this guide channel; nil means all that somebody shows.
    ///   - style: As in the source's `poster_style`; those that have another are to be looked at again.
    /// - Returns: At most 100,000.
    /// - Throws: A `DatabaseError` when the rows cannot be read.
    public func showingsWithoutArtwork(
        of source: Int, only guide: Int? = nil, style: String
    ) async throws -> [(id: Int, programme: String)] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT programme."id", programme."program_id" FROM "epg_epgdata" AS guide
                    JOIN "epg_programdata" AS programme ON programme."epg_id" = guide."id"
                    WHERE guide."epg_source_id" = ?1 AND (?2 IS NULL OR guide."id" = ?2) AND \(Self.isMapped)
                        AND programme."program_id" <> ''
                        AND json_extract(programme."custom_properties", '$.sd_poster_style') IS NOT ?3
                    LIMIT \(Self.mostShowings)
                    """,
                arguments: [source, guide, style]
            ).map { (id: $0["id"], programme: $0["program_id"]) }
        }
    }

    /// Writes down the artwork of showings, as Dispatcharr does: `sd_icon`, or `sd_icon_missing` where the service has
    /// none, and `sd_poster_style` for both, so that nobody asks again.
    public func keepArtwork(_ artwork: [(showing: Int, url: String?)], style: String) async throws {
        try await pool.write { db in
            let statement = try db.cachedStatement(
                sql: """
                    UPDATE "epg_programdata" SET "custom_properties" = json_patch(ifnull("custom_properties", '{}'), ?)
                    WHERE "id" = ?
                    """)
            for (showing, url) in artwork {
                let facts: JSONObject = [
                    "sd_icon": JSONValue(url), "sd_icon_missing": url == nil ? true : JSONValue.null,
                    "sd_poster_style": .string(style),
                ]
                try statement.execute(arguments: [JSONValue.object(facts).text, showing])
            }
        }
    }
}
