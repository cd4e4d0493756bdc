import CeleryProtocol
import GRDB

/// One refresh of one guide: gathers channels and programmes aside, then makes them visible in one transaction.
///
/// Programmes are kept only for guide channels that one of our channels, or an override of it, shows. Works as
/// ``StreamRefresh`` does: staging takes no lock, and a killed process leaves nothing.
public final class GuideRefresh: Sendable {
    /// The guide ids that are mapped, with their `epg_epgdata.id`, as of the beginning.
    public let mapped: [String: Int]
    /// How many guide channels the source had at the beginning.
    public let knownChannels: Int
    /// The file that the source's programmes come from; nil when it has to be read again in any case.
    public let fetched: FetchedFile?
    private let source: Int
    private let row: FetchedFileRow
    let queue: DatabaseQueue

    init(path: String, source: Int, fingerprint: String) throws {
        self.source = source
        let row = FetchedFileRow(kind: .guide, source: source, fingerprint: fingerprint)
        self.row = row
        queue = try CatalogFile.dedicatedConnection(path: path, temporaryStore: "FILE")
        (mapped, knownChannels, fetched) = try queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.schema)
            try db.execute(
                sql: """
                    INSERT INTO temp.mapped ("id", "tvg_id")
                    SELECT guide."id", guide."tvg_id" FROM "epg_epgdata" AS guide
                    WHERE guide."epg_source_id" = ? AND guide."tvg_id" IS NOT NULL AND \(EPGSourceTable.isMapped)
                    """,
                arguments: [source])
            var mapped: [String: Int] = [:]
            for row in try Row.fetchAll(db, sql: #"SELECT "tvg_id", "id" FROM temp.mapped"#) {
                mapped[row["tvg_id"]] = row["id"]
            }
            let known = try Int.fetchOne(
                db, sql: #"SELECT count(*) FROM "epg_epgdata" WHERE "epg_source_id" = ?"#, arguments: [source])
            return (mapped, known ?? 0, try row.find(db))
        }
    }

    /// Sets guide channels aside.
    public func stage(channels: [StagedGuideChannel]) async throws {
        try await queue.writeWithoutTransaction { db in
            try db.inTransaction(.deferred) {
                let insert = try RawStatement(
                    db,
                    sql:
                        #"INSERT OR REPLACE INTO temp.staged_channel ("tvg_id", "name", "icon_url") VALUES (?1, ?2, ?3)"#
                )
                for channel in channels {
                    insert.bind(channel.id.cut(to: 255), at: 1)
                    insert.bind(channel.name.cut(to: 512), at: 2)
                    insert.bind(channel.iconURL.flatMap { $0.unicodeScalars.count <= 500 ? $0 : nil }, at: 3)
                    try insert.run()
                }
                return .commit
            }
        }
    }

    /// Sets programmes aside; those of channels that are not ``mapped`` are left out.
    ///
    /// - Returns: How many were kept.
    @discardableResult
    public func stage(programmes: [StagedProgramme]) async throws -> Int {
        try await queue.writeWithoutTransaction { [mapped] db in
            var kept = 0
            // Deferred: only the TEMP tables are written, so this takes no lock on the file.
            try db.inTransaction(.deferred) {
                let insert = try RawStatement(db, sql: Self.insertProgramme)
                for programme in programmes {
                    guard let guide = mapped[programme.channelID] else { continue }
                    insert.bind(guide, at: 1)
                    insert.bind(DjangoTime.text(programme.start), at: 2)
                    insert.bind(DjangoTime.text(programme.end), at: 3)
                    insert.bind(programme.title.cut(to: 255), at: 4)
                    insert.bind(programme.subTitle, at: 5)
                    insert.bind(programme.description, at: 6)
                    insert.bind(programme.channelID, at: 7)
                    if let properties = programme.customProperties, !properties.isEmpty {
                        insert.bind(utf8: properties.encoded(), at: 8)
                    } else {
                        insert.bindNull(at: 8)
                    }
                    try insert.run()
                    kept += 1
                }
                return .commit
            }
            return kept
        }
    }

    /// Makes everything that was staged visible at once.
    ///
    /// Afterwards nothing is left to do with this value.
    ///
    /// A guide channel whose programmes are the same, in the same order, is not touched: a second refresh of the same
    /// file writes nothing.
    ///
    /// - Parameter file: What the programmes come from; the next refresh finds it as ``fetched``.
    /// - Returns: What it did.
    /// - Throws: ``CatalogError`` `notFound` when the source was deleted meanwhile; then nothing has changed.
    public func commit(file: FetchedFile? = nil) async throws -> GuideRefreshCounts {
        let swap = GuideSwap(source: source)
        let counts = try await queue.writeWithoutTransaction { [row] db in
            var counts = GuideRefreshCounts()
            try swap.compare(db, &counts)
            try db.inTransaction(.immediate) {
                try swap.run(db, &counts)
                // What was mapped meanwhile has no programmes yet.
                try row.write(db, counts.mappedMeanwhile.isEmpty ? file : nil)
                return .commit
            }
            return counts
        }
        try await discard()
        return counts
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
        CREATE TEMP TABLE mapped ("id" INTEGER PRIMARY KEY, "tvg_id" TEXT NOT NULL, "differs" INTEGER NOT NULL DEFAULT 0);
        CREATE TEMP TABLE staged_channel (
            "tvg_id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "icon_url" TEXT
        );
        CREATE TEMP TABLE staged_programme (
            "position" INTEGER PRIMARY KEY, "epg_id" INTEGER NOT NULL, "start_time" TEXT NOT NULL,
            "end_time" TEXT NOT NULL, "title" TEXT NOT NULL, "sub_title" TEXT, "description" TEXT, "tvg_id" TEXT NOT NULL,
            "custom_properties" TEXT
        );
        CREATE TEMP TABLE doomed ("id" INTEGER PRIMARY KEY);
        """

    private static let insertProgramme = """
        INSERT INTO temp.staged_programme (
            "epg_id", "start_time", "end_time", "title", "sub_title", "description", "tvg_id", "custom_properties"
        )
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """
}
