import GRDB

/// How staged schedules become programmes, inside the one transaction.
struct DirectSwap: Sendable {
    let source: Int
    /// Whether all stations that somebody shows were asked about.
    let isWhole: Bool
    /// The day in UTC, ISO.
    let today: String

    func run(_ db: Database) throws -> Int {
        _ = try EPGSourceTable.get(db, source)
        try keepArtwork(db)
        try keepDescriptions(db)
        try deleteDays(db)
        let count = try insertProgrammes(db)
        try keepDigests(db)
        if isWhole { try prune(db) }
        return count
    }

    /// A description that has changed takes over the picture that its programme had.
    private func keepArtwork(_ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE temp.program SET "properties" = json_patch(temp.program."properties", known."artwork")
                FROM (
                    SELECT programme."program_id" AS "id", json_object(
                        'sd_icon', programme."custom_properties" ->> '$.sd_icon',
                        'sd_poster_style', programme."custom_properties" ->> '$.sd_poster_style') AS "artwork"
                    FROM "epg_epgdata" AS guide
                    JOIN "epg_programdata" AS programme ON programme."epg_id" = guide."id"
                    WHERE guide."epg_source_id" = ? AND programme."program_id" IN (SELECT "program_id" FROM temp.program)
                        AND programme."custom_properties" ->> '$.sd_icon' IS NOT NULL
                    GROUP BY programme."program_id"
                ) AS known
                WHERE known."id" = temp.program."program_id"
                """,
            arguments: [source])
    }

    /// Programmes that have not changed are described by what is here already, before it goes.
    private func keepDescriptions(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO temp.program ("program_id", "title", "sub_title", "description", "properties")
                SELECT programme."program_id", programme."title", programme."sub_title", programme."description",
                    json_remove(
                        ifnull(programme."custom_properties", '{}'), '$.live', '$.new', '$.previously_shown', '$.premiere')
                FROM "epg_epgdata" AS guide
                JOIN "epg_programdata" AS programme ON programme."epg_id" = guide."id"
                WHERE guide."epg_source_id" = ? AND programme."program_id" IN (SELECT "program_id" FROM temp.airing)
                """,
            arguments: [source])
    }

    private func deleteDays(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM "epg_programdata" WHERE "id" IN (
                    SELECT programme."id" FROM temp.schedule AS schedule
                    JOIN temp.station AS station ON station."station" = schedule."station"
                    JOIN "epg_programdata" AS programme ON programme."epg_id" = station."guide_id"
                        AND programme."start_time" >= schedule."date"
                        AND programme."start_time" < date(schedule."date", '+1 day')
                )
                """)
    }

    private func insertProgrammes(_ db: Database) throws -> Int {
        try db.execute(
            sql: """
                INSERT INTO "epg_programdata" (
                    "epg_id", "start_time", "end_time", "title", "sub_title", "description", "tvg_id", "program_id",
                    "custom_properties"
                )
                SELECT station."guide_id", airing."start_time", airing."end_time", ifnull(program."title", 'No Title'),
                    program."sub_title", program."description", airing."station", airing."program_id",
                    nullif(json_patch(ifnull(program."properties", '{}'), airing."flags"), '{}')
                FROM temp.airing AS airing
                JOIN temp.station AS station ON station."station" = airing."station"
                LEFT JOIN temp.program AS program ON program."program_id" = airing."program_id"
                WHERE station."guide_id" IN (SELECT "id" FROM "epg_epgdata")
                ORDER BY station."guide_id", airing."start_time", airing."position"
                """)
        return db.changesCount
    }

    private func keepDigests(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO "epg_sdschedulemd5" ("epg_source_id", "station_id", "date", "md5", "last_modified")
                SELECT ?, "station", "date", "md5", "modified" FROM temp.schedule WHERE true
                ON CONFLICT ("epg_source_id", "station_id", "date") DO UPDATE SET
                    "md5" = excluded."md5", "last_modified" = excluded."last_modified"
                """,
            arguments: [source])
        // The airing's digest, because that is what the next schedule is compared with.
        try db.execute(
            sql: """
                INSERT INTO "epg_sdprogrammd5" ("epg_source_id", "program_id", "md5")
                SELECT ?, airing."program_id", max(airing."md5") FROM temp.airing AS airing
                JOIN temp.program AS program ON program."program_id" = airing."program_id" AND program."md5" IS NOT NULL
                GROUP BY airing."program_id"
                ON CONFLICT ("epg_source_id", "program_id") DO UPDATE SET "md5" = excluded."md5"
                """,
            arguments: [source])
    }

    /// What is over, or of stations that nobody shows any more.
    private func prune(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM "epg_programdata" WHERE "id" IN (
                    SELECT programme."id" FROM "epg_epgdata" AS guide
                    JOIN "epg_programdata" AS programme ON programme."epg_id" = guide."id"
                    WHERE guide."epg_source_id" = ?1
                        AND (programme."end_time" < ?2 OR NOT \(EPGSourceTable.isMapped))
                )
                """,
            arguments: [source, today])
        try db.execute(
            sql: """
                DELETE FROM "epg_sdschedulemd5" WHERE "epg_source_id" = ?1
                    AND ("date" < ?2 OR "station_id" NOT IN (SELECT "station" FROM temp.station))
                """,
            arguments: [source, today])
        try db.execute(
            sql: """
                DELETE FROM "epg_sdprogrammd5" WHERE "epg_source_id" = ?1 AND "program_id" NOT IN (
                    SELECT programme."program_id" FROM "epg_epgdata" AS guide
                    JOIN "epg_programdata" AS programme ON programme."epg_id" = guide."id"
                    WHERE guide."epg_source_id" = ?1 AND programme."program_id" IS NOT NULL
                )
                """,
            arguments: [source])
    }
}
