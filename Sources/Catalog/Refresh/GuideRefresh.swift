import FoundationEssentials
import GRDB
import Synchronization

/// One refresh of one guide: gathers channels and programmes aside, then makes them visible in one transaction.
///
/// Programmes are kept only for guide channels that one of our channels, or an override of it, shows, unless the
/// ``Scope`` says all. Works as ``StreamRefresh`` does: staging takes no lock, and a killed process leaves nothing.
public final class GuideRefresh: Sendable {
    /// Which programmes a refresh keeps.
    public struct Scope: Sendable, Equatable {
        /// Of all channels that the guide names, or only of those that somebody shows.
        public var keepsAll: Bool
        /// For how many days programmes that are over stay although the guide has them no more; 0 means not at all.
        public var historyDays: Int

        /// A scope; by default what is shown, and no history.
        public init(keepsAll: Bool = false, historyDays: Int = 0) {
            self.keepsAll = keepsAll
            self.historyDays = historyDays
        }
    }

    /// The guide ids that are mapped, with their `epg_epgdata.id`, as of the beginning; of all that are known, where
    /// programmes of all are kept.
    public let mapped: [String: Int]
    /// How many guide channels the source had at the beginning.
    public let knownChannels: Int
    /// The file that the source's programmes come from; nil when it has to be read again in any case.
    public let fetched: FetchedFile?
    private let source: Int
    private let row: FetchedFileRow
    private let scope: Scope
    /// A lock, because staging is done on the connection's queue; it is never contended.
    private let staged = Mutex(Staged())
    let queue: DatabaseQueue

    /// What was set aside so far.
    private struct Staged {
        /// Guide ids that were not known at the beginning, each with a negative number that stands for its row to be.
        var expected: [String: Int] = [:]
        var programmes = 0
        /// The numbers of the guide channels that they are of.
        var guides: Set<Int> = []
    }

    init(path: String, source: Int, fingerprint: String, scope: Scope) throws {
        self.source = source
        self.scope = scope
        let row = FetchedFileRow(kind: .guide, source: source, fingerprint: fingerprint)
        self.row = row
        queue = try CatalogFile.dedicatedConnection(path: path, temporaryStore: "FILE")
        (mapped, knownChannels, fetched) = try queue.writeWithoutTransaction { db in
            try db.execute(sql: Self.schema)
            try db.execute(
                sql: """
                    INSERT INTO temp.mapped ("id", "tvg_id", "guide_id")
                    SELECT guide."id", guide."tvg_id", guide."id" FROM "epg_epgdata" AS guide
                    WHERE guide."epg_source_id" = ? AND guide."tvg_id" IS NOT NULL
                        AND \(scope.keepsAll ? "true" : EPGSourceTable.isMapped)
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
        try await queue.writeWithoutTransaction { [self] db in
            var kept = 0
            var guides: Set<Int> = []
            // Deferred: only the TEMP tables are written, so this takes no lock on the file.
            try db.inTransaction(.deferred) {
                let insert = try RawStatement(db, sql: Self.insertProgramme)
                for programme in programmes {
                    guard let guide = try guide(db, programme.channelID) else { continue }
                    insert.bind(guide, at: 1)
                    insert.bind(DjangoTime.text(programme.start), at: 2)
                    insert.bind(DjangoTime.text(programme.end), at: 3)
                    insert.bind(programme.title.cut(to: 255), at: 4)
                    insert.bind(programme.subTitle, at: 5)
                    insert.bind(programme.description, at: 6)
                    insert.bind(programme.channelID, at: 7)
                    if let properties = programme.customProperties {
                        insert.bind(utf8: properties, at: 8)
                    } else {
                        insert.bindNull(at: 8)
                    }
                    try insert.run()
                    kept += 1
                    guides.insert(guide)
                }
                return .commit
            }
            staged.withLock {
                $0.programmes += kept
                $0.guides.formUnion(guides)
            }
            return kept
        }
    }

    /// The number of a guide channel's row, or the one that stands for it; nil when its programmes are not kept.
    private func guide(_ db: Database, _ id: String) throws -> Int? {
        if let known = mapped[id] { return known }
        guard scope.keepsAll else { return nil }
        return try staged.withLock { staged in
            if let known = staged.expected[id] { return known }
            let number = -1 - staged.expected.count
            staged.expected[id] = number
            try db.execute(
                sql: #"INSERT INTO temp.mapped ("id", "tvg_id") VALUES (?, ?)"#, arguments: [number, id.cut(to: 255)])
            return number
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
        let swap = GuideSwap(source: source, historyDays: scope.historyDays)
        let (programmes, guides) = staged.withLock { ($0.programmes, $0.guides) }
        let counts = try await queue.writeWithoutTransaction { [row] db in
            var counts = GuideRefreshCounts()
            counts.programmes = programmes
            try swap.compare(db, guides: guides.count, &counts)
            try db.inTransaction(.immediate) {
                try swap.run(db, &counts)
                // What was mapped meanwhile has no programmes yet.
                try row.write(db, counts.mappedMeanwhile.isEmpty ? file : nil)
                return .commit
            }
            return counts
        }
        queue.retire()
        return counts
    }

    /// Makes the guide channels that were staged the source's, and leaves all programmes alone.
    ///
    /// Afterwards nothing is left to do with this value.
    ///
    /// - Throws: ``CatalogError`` `notFound` when the source was deleted meanwhile; then nothing has changed.
    public func commitChannels() async throws {
        let swap = GuideSwap(source: source, historyDays: 0)
        try await queue.writeWithoutTransaction { db in
            try db.inTransaction(.immediate) {
                try swap.runChannels(db)
                return .commit
            }
        }
        queue.retire()
    }

    /// Says that the ``fetched`` file is still the one that there is, perhaps under another version.
    ///
    /// Afterwards nothing is left to do with this value.
    public func confirm(file: FetchedFile) async throws {
        if file != fetched {
            try await queue.writeWithoutTransaction { [row] db in
                try db.inTransaction(.immediate) {
                    try row.write(db, file)
                    return .commit
                }
            }
        }
        queue.retire()
    }

    /// Forgets everything that was staged.
    ///
    /// Also happens when the value goes.
    public func discard() async throws {
        let queue = queue
        try await blocking { try queue.close() }
    }

    // The checks of what we have just encoded as JSON cost more than writing it.
    private static let schema = """
        PRAGMA ignore_check_constraints = ON;
        PRAGMA temp.cache_size = -8192;
        PRAGMA temp.journal_mode = OFF;
        CREATE TEMP TABLE mapped (
            "id" INTEGER PRIMARY KEY, "tvg_id" TEXT NOT NULL, "guide_id" INTEGER, "differs" INTEGER NOT NULL DEFAULT 0,
            "boundary" TEXT NOT NULL DEFAULT ''
        );
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
