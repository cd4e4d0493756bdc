public import CeleryProtocol
public import FoundationEssentials
import GRDB

/// A station and one of its days, with what tells whether its schedule has changed.
public struct StagedDay: Sendable, Hashable {
    /// The station's number, at most 20 characters.
    public var station: String
    /// In UTC, ISO.
    public var date: String
    /// Changes with the schedule.
    public var digest: String

    /// A day.
    public init(station: String, date: String, digest: String) {
        self.station = station
        self.date = date
        self.digest = digest
    }
}

/// What a station shows on one day.
public struct StagedSchedule: Sendable {
    /// One showing of a programme.
    public struct Airing: Sendable {
        /// Which programme; at most 64 characters.
        public var programme: String
        /// Changes with the programme's description.
        public var digest: String
        /// When it begins.
        public var start: Date
        /// When it ends.
        public var end: Date
        /// Facts of this showing only.
        public var flags: JSONObject

        /// A showing.
        public init(programme: String, digest: String, start: Date, end: Date, flags: JSONObject = [:]) {
            self.programme = programme
            self.digest = digest
            self.start = start
            self.end = end
            self.flags = flags
        }
    }

    /// The day, and the digest of this very schedule.
    public var day: StagedDay
    /// When it last changed.
    public var modified: Date?
    /// In order.
    public var airings: [Airing]

    /// A schedule.
    public init(day: StagedDay, modified: Date?, airings: [Airing]) {
        self.day = day
        self.modified = modified
        self.airings = airings
    }
}

/// What a programme is, whenever it is shown.
public struct StagedDescription: Sendable {
    /// At most 64 characters.
    public var id: String
    /// Changes with the description.
    public var digest: String
    /// Cut to 255 characters.
    public var title: String
    /// The episode's.
    public var subTitle: String?
    /// What it is about.
    public var description: String?
    /// Everything else.
    public var customProperties: JSONObject

    /// A description.
    public init(
        id: String, digest: String, title: String, subTitle: String? = nil, description: String? = nil,
        customProperties: JSONObject = [:]
    ) {
        self.id = id
        self.digest = digest
        self.title = title
        self.subTitle = subTitle
        self.description = description
        self.customProperties = customProperties
    }
}

/// One refresh of a guide that comes day by day: gathers aside what has changed, then makes it visible in one transaction.
///
/// Works as ``StreamRefresh`` does: staging takes no lock, and a killed process leaves nothing. What tells whether a day
/// or a programme has changed is kept in `epg_sdschedulemd5` and `epg_sdprogrammd5`, as Dispatcharr keeps it.
public final class DirectGuideRefresh: Sendable {
    /// The stations that somebody shows, in order.
    public let stations: [String]
    private let source: Int
    private let isWhole: Bool
    private let today: String
    private let queue: DatabaseQueue

    init(path: String, source: Int, only guide: Int?, now: Date) throws {
        self.source = source
        isWhole = guide == nil
        let day = String(DjangoTime.text(now).prefix(10))
        today = day
        queue = try CatalogFile.dedicatedConnection(path: path, temporaryStore: "FILE")
        stations = try queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.schema)
            try db.execute(
                sql: """
                    INSERT INTO temp.station ("station", "guide_id", "is_empty")
                    SELECT guide."tvg_id", guide."id", NOT EXISTS (
                        SELECT 1 FROM "epg_programdata" WHERE "epg_id" = guide."id" AND "start_time" >= ?3)
                    FROM "epg_epgdata" AS guide
                    WHERE guide."epg_source_id" = ?1 AND guide."tvg_id" <> '' AND \(EPGSourceTable.isMapped)
                        AND (?2 IS NULL OR guide."id" = ?2)
                    """,
                arguments: [source, guide, day])
            return try String.fetchAll(db, sql: #"SELECT "station" FROM temp.station ORDER BY "station""#)
        }
    }

    /// Of these days those to be read: their schedule has changed since it was read, or there is nothing of them here.
    ///
    /// A day that was read and had nothing is not read again, unless its station has nothing at all.
    public func changed(_ days: [StagedDay]) async throws -> [StagedDay] {
        try await queue.writeWithoutTransaction { [source] db in
            var changed: [StagedDay] = []
            try db.inTransaction(.deferred) {
                let find = try db.cachedStatement(
                    sql: """
                        SELECT station."is_empty", known."md5" FROM temp.station AS station
                        LEFT JOIN "epg_sdschedulemd5" AS known ON known."epg_source_id" = ?1
                            AND known."station_id" = station."station" AND known."date" = ?3
                        WHERE station."station" = ?2
                        """)
                let keep = try db.cachedStatement(
                    sql: #"INSERT OR IGNORE INTO temp.wanted ("station", "date") VALUES (?, ?)"#)
                for day in days {
                    guard let row = try Row.fetchOne(find, arguments: [source, day.station, day.date]) else { continue }
                    if row["md5"] as String? == day.digest.cut(to: 22), !(row["is_empty"] as Bool) { continue }
                    try keep.execute(arguments: [day.station, day.date])
                    changed.append(day)
                }
                return .commit
            }
            return changed
        }
    }

    /// Sets schedules aside; those of days that were not found changed are left out.
    public func stage(_ schedules: [StagedSchedule]) async throws {
        try await queue.writeWithoutTransaction { db in
            try db.inTransaction(.deferred) {
                let insert = try RawStatement(
                    db,
                    sql: """
                        INSERT INTO temp.airing ("station", "start_time", "end_time", "program_id", "md5", "flags")
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                        """)
                for schedule in schedules {
                    let day = schedule.day
                    try db.execute(
                        sql: """
                            INSERT OR REPLACE INTO temp.schedule ("station", "date", "md5", "modified")
                            SELECT ?1, ?2, ?3, ?4 FROM temp.wanted WHERE "station" = ?1 AND "date" = ?2
                            """,
                        arguments: [
                            day.station, day.date, day.digest.cut(to: 22),
                            DjangoTime.text(schedule.modified ?? Date()),
                        ])
                    guard db.changesCount > 0 else { continue }
                    for airing in schedule.airings {
                        insert.bind(day.station, at: 1)
                        insert.bind(DjangoTime.text(airing.start), at: 2)
                        insert.bind(DjangoTime.text(airing.end), at: 3)
                        insert.bind(airing.programme, at: 4)
                        insert.bind(airing.digest.cut(to: 22), at: 5)
                        insert.bind(utf8: JSONValue.object(airing.flags).encoded(), at: 6)
                        try insert.run()
                    }
                }
                return .commit
            }
        }
    }

    /// The next programmes that are shown and not known as they are now; empty at the end.
    ///
    /// - Parameters:
    ///   - position: Where the last answer ended; 0 at first, once everything is staged.
    ///   - limit: How many at the most.
    /// - Returns: The programmes, and where this answer ends.
    /// - Throws: A `DatabaseError` when the staging area cannot be written.
    public func missingProgrammes(after position: Int, limit: Int) async throws -> (ids: [String], last: Int) {
        try await queue.writeWithoutTransaction { [source] db in
            if position == 0 {
                try db.execute(
                    sql: """
                        DELETE FROM temp.needed;
                        INSERT INTO temp.needed ("program_id")
                        SELECT airing."program_id" FROM temp.airing AS airing
                        LEFT JOIN "epg_sdprogrammd5" AS known ON known."epg_source_id" = :source
                            AND known."program_id" = airing."program_id"
                        WHERE known."md5" IS NOT airing."md5" OR airing."program_id" NOT IN (
                            SELECT programme."program_id" FROM "epg_epgdata" AS guide
                            JOIN "epg_programdata" AS programme ON programme."epg_id" = guide."id"
                            WHERE guide."epg_source_id" = :source AND programme."program_id" IS NOT NULL)
                        GROUP BY airing."program_id" ORDER BY airing."program_id";
                        """.replacing(":source", with: "\(source)"))
            }
            let rows = try Row.fetchAll(
                db,
                sql: #"SELECT * FROM temp.needed WHERE "position" > ? ORDER BY "position" LIMIT ?"#,
                arguments: [position, limit])
            return (rows.map { $0["program_id"] }, rows.last?["position"] ?? position)
        }
    }

    /// Sets descriptions aside.
    public func stage(_ descriptions: [StagedDescription]) async throws {
        try await queue.writeWithoutTransaction { db in
            try db.inTransaction(.deferred) {
                let insert = try RawStatement(
                    db,
                    sql: """
                        INSERT OR REPLACE INTO temp.program (
                            "program_id", "md5", "title", "sub_title", "description", "properties"
                        )
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                        """)
                for item in descriptions {
                    insert.bind(item.id, at: 1)
                    insert.bind(item.digest.cut(to: 22), at: 2)
                    insert.bind(item.title.cut(to: 255), at: 3)
                    insert.bind(item.subTitle, at: 4)
                    insert.bind(item.description, at: 5)
                    insert.bind(utf8: JSONValue.object(item.customProperties).encoded(), at: 6)
                    try insert.run()
                }
                return .commit
            }
        }
    }

    /// Makes everything that was staged visible at once.
    ///
    /// Days that were found changed and for which no schedule came stay as they are. Programmes that are over, and those
    /// of stations that nobody shows any more, go. Afterwards nothing is left to do with this value.
    ///
    /// - Returns: Programmes that were written.
    /// - Throws: ``CatalogError`` `notFound` when the source was deleted meanwhile; then nothing has changed.
    public func commit() async throws -> Int {
        let swap = DirectSwap(source: source, isWhole: isWhole, today: today)
        let count = try await queue.writeWithoutTransaction { db in
            var count = 0
            try db.inTransaction(.immediate) {
                count = try swap.run(db)
                return .commit
            }
            return count
        }
        queue.retire()
        return count
    }

    /// Forgets everything that was staged.
    ///
    /// Also happens when the value goes.
    public func discard() async throws {
        let queue = queue
        try await blocking { try queue.close() }
    }

    private static let schema = """
        PRAGMA temp.cache_size = -32768;
        PRAGMA temp.journal_mode = MEMORY;
        CREATE TEMP TABLE station (
            "station" TEXT PRIMARY KEY, "guide_id" INTEGER NOT NULL, "is_empty" INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TEMP TABLE wanted ("station" TEXT NOT NULL, "date" TEXT NOT NULL, PRIMARY KEY ("station", "date"));
        CREATE TEMP TABLE schedule (
            "station" TEXT NOT NULL, "date" TEXT NOT NULL, "md5" TEXT NOT NULL, "modified" TEXT NOT NULL,
            PRIMARY KEY ("station", "date")
        );
        CREATE TEMP TABLE airing (
            "position" INTEGER PRIMARY KEY, "station" TEXT NOT NULL, "start_time" TEXT NOT NULL,
            "end_time" TEXT NOT NULL, "program_id" TEXT NOT NULL, "md5" TEXT NOT NULL, "flags" TEXT NOT NULL
        );
        CREATE TEMP TABLE program (
            "program_id" TEXT PRIMARY KEY, "md5" TEXT, "title" TEXT NOT NULL, "sub_title" TEXT, "description" TEXT,
            "properties" TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TEMP TABLE needed ("position" INTEGER PRIMARY KEY, "program_id" TEXT NOT NULL);
        """
}

extension CatalogDatabase {
    /// Where a refresh from Schedules Direct gathers what it finds, and then makes it visible at once.
    ///
    /// - Parameters:
    ///   - id: The source.
    ///   - guide: Only this guide channel; nil means all that somebody shows.
    ///   - now: Which day is today.
    /// - Returns: An empty staging area.
    /// - Throws: ``CatalogError`` `notFound`.
    public func beginDirectRefresh(
        source id: Int, only guide: Int? = nil, now: Date = Date()
    ) async throws -> DirectGuideRefresh {
        guard try await epgSources.find(id) != nil else { throw CatalogError.notFound(EPGSourceTable.table, id) }
        let path = path
        return try await blocking { try DirectGuideRefresh(path: path, source: id, only: guide, now: now) }
    }
}
