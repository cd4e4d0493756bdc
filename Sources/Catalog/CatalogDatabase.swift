import Dispatch
import GRDB
import Synchronization

/// The database: one SQLite file in WAL mode, shared with Django in the plugin host and with every other process.
///
/// Tables, columns and encodings are Django's. Each table or aggregate has its own value here, and all SQL
/// of Skirret lies behind their functions. Every function is `async` and runs on SQLite's own queues, never on
/// Swift's cooperative threads; writes begin `IMMEDIATE` and wait up to 10 s for other processes.
public final class CatalogDatabase: Sendable {
    /// Where the file is.
    public let path: String
    let pool: DatabasePool
    private let eventListener = Mutex<SystemEventTable.Listener?>(nil)

    /// Opens the file, creating it when missing, refuses a damaged one, and brings its schema up to date.
    ///
    /// Several processes may do this at once: one migrates, the others wait for it. Costs one reading of the whole
    /// file for the check.
    ///
    /// - Parameters:
    ///   - path: The database file; made with mode 0600. Its folder must exist.
    ///   - checksIntegrity: Whether to run SQLite's `quick_check` first. A short command may leave it out.
    /// - Throws: ``CatalogError`` with `cannotOpen`, `damaged` or `newerSchema`.
    public convenience init(path: String, checksIntegrity: Bool = true) async throws {
        let pool = try await blocking { try CatalogFile(path: path).open(checksIntegrity: checksIntegrity) }
        self.init(path: path, pool: pool)
    }

    private init(path: String, pool: DatabasePool) {
        self.path = path
        self.pool = pool
    }

    /// Closes all connections; later calls throw.
    ///
    /// Also happens when the last reference goes.
    public func close() async throws {
        let pool = pool
        try await blocking {
            // GRDB's last connection is a reader, which cannot write the WAL back. Passive: waits for nobody, and what
            // it leaves, or refuses because another process is at it, is written back by the next writer.
            _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.passive) }
            try pool.close()
        }
    }

    /// What SQLite finds wrong in the file: empty when it is sound.
    ///
    /// Reads the whole file.
    public func findings() async throws -> [String] {
        try await pool.read { try CatalogFile.findings($0) }
    }

    /// The people who may sign in.
    public var users: UserTable { UserTable(pool: pool) }
    /// Django's own groups and permissions.
    public var groups: GroupTable { GroupTable(pool: pool) }
    /// Accounts of one provider, kept together.
    public var serverGroups: ServerGroupTable { ServerGroupTable(pool: pool) }
    /// Installed plugins and their saved settings.
    public var plugins: PluginTable { PluginTable(pool: pool) }
    /// Playlists.
    public var m3uAccounts: M3UAccountTable { M3UAccountTable(pool: pool) }
    /// Programme guides.
    public var epgSources: EPGSourceTable { EPGSourceTable(pool: pool) }
    /// Schedules, as django_celery_beat keeps them.
    public var schedules: ScheduleTable { ScheduleTable(pool: pool, path: path) }
    /// What the API and beat accepted.
    public var ledger: LedgerTable { LedgerTable(pool: pool) }
    /// Where a playlist refresh gathers what it finds, and then makes it visible at once.
    ///
    /// - Parameters:
    ///   - id: The account.
    ///   - fingerprint: Stands for the settings that decide what becomes of its file.
    /// - Returns: An empty staging area.
    /// - Throws: ``CatalogError`` `notFound`.
    public func beginStreamRefresh(account id: Int, fingerprint: String = "") async throws -> StreamRefresh {
        guard try await m3uAccounts.find(id) != nil else { throw CatalogError.notFound(M3UAccountTable.table, id) }
        let path = path
        return try await blocking { try StreamRefresh(path: path, account: id, fingerprint: fingerprint) }
    }

    /// Where a guide refresh gathers what it finds, and then makes it visible at once.
    ///
    /// - Parameters:
    ///   - id: The source.
    ///   - fingerprint: Stands for the settings that decide what becomes of its file.
    ///   - scope: Which programmes are kept.
    /// - Returns: An empty staging area.
    /// - Throws: ``CatalogError`` `notFound`.
    public func beginGuideRefresh(
        source id: Int, fingerprint: String = "", scope: GuideRefresh.Scope = .init()
    ) async throws -> GuideRefresh {
        guard try await epgSources.find(id) != nil else { throw CatalogError.notFound(EPGSourceTable.table, id) }
        let path = path
        return try await blocking { try GuideRefresh(path: path, source: id, fingerprint: fingerprint, scope: scope) }
    }

    /// Channels, and what is made of streams and guides for them.
    public var channels: ChannelTable { ChannelTable(pool: pool) }
    /// `dispatcharr_channels_stream`.
    public var streams: StreamTable { StreamTable(pool: pool) }
    /// Where plugins may be installed from.
    public var pluginRepositories: PluginRepositoryTable { PluginRepositoryTable(pool: pool) }
    /// What is recorded, and when.
    public var recordings: RecordingTable { RecordingTable(pool: pool) }
    /// Recordings at the same hours of the same days.
    public var recurringRules: RecurringRuleTable { RecurringRuleTable(pool: pool) }
    /// What the bell shows.
    public var notifications: NotificationTable { NotificationTable(pool: pool) }
    /// The groups of settings.
    public var settings: SettingsTable { SettingsTable(pool: pool) }
    /// The log of what the system did.
    public var systemEvents: SystemEventTable {
        SystemEventTable(pool: pool, listener: eventListener.withLock { $0 })
    }

    /// Has each event that is inserted through this value told to a listener, once it is committed.
    ///
    /// One listener; a later one takes its place.
    public func onSystemEvent(_ listener: @escaping SystemEventTable.Listener) {
        eventListener.withLock { $0 = listener }
    }
}

/// Runs blocking work on a thread that may block.
func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: work)) }
    }
}
