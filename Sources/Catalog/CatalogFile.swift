import Foundation
import GRDB

/// The file behind a catalogue: how it is opened, checked and configured.
struct CatalogFile {
    let path: String

    /// Opens under a lock that other processes take too, because two of them switching a new file to WAL, or
    /// migrating it, would refuse each other.
    func open(checksIntegrity: Bool) throws -> DatabasePool {
        let folder = try FolderLock(holding: (path as NSString).deletingLastPathComponent)
        defer { folder.release() }
        let isNew = try prepareFile()
        do {
            if !isNew && checksIntegrity { try refuseDamage() }
            let pool = try DatabasePool(path: path, configuration: Self.configuration())
            try migrate(pool)
            return pool
        } catch let error as DatabaseError {
            throw explain(error)
        }
    }

    /// A connection of its own on the same file, for work that keeps TEMP tables over many calls.
    ///
    /// Its page cache is 16 MiB: a refresh of any size has 64 MiB for all it does, and goes through the tables in their
    /// order. Who reads elsewhere comes first. Its commits leave their pages in the WAL for
    /// ``GRDB/DatabaseQueue/retire()``.
    static func dedicatedConnection(path: String, temporaryStore: String) throws -> DatabaseQueue {
        let queue = try DatabaseQueue(
            path: path, configuration: configuration(temporaryStore: temporaryStore, qos: .utility))
        try queue.writeWithoutTransaction { db in
            // Debian's SQLite overwrites what it deletes with zeros, which nobody asked for where guides come and go.
            // Django's CHECKs would parse each row's JSON, a seventh of all new rows' time, when our encoder has just
            // written it; `quick_check` holds every row to them all the same.
            try db.execute(
                sql: """
                    PRAGMA cache_size = -16384;
                    PRAGMA secure_delete = OFF;
                    PRAGMA wal_autocheckpoint = 0;
                    PRAGMA ignore_check_constraints = ON;
                    """)
        }
        return queue
    }

    /// The settings of every connection.
    ///
    /// The quality of service becomes the niceness of the queue's threads, also on Linux: 2 for `utility`, and -2 or,
    /// without privileges, 0 for who waits. `synchronous = NORMAL`: after a power cut the last transactions may be
    /// missing, never half there. The writer's page cache is 64 MiB, a reader's 8 MiB: there are several readers. A
    /// checkpoint comes every 4,000 pages, 16 MiB, so that the WAL stays small without one in every transaction.
    static func configuration(temporaryStore: String = "MEMORY", qos: DispatchQoS = .userInitiated) -> Configuration {
        var configuration = Configuration()
        configuration.qos = qos
        configuration.busyMode = .timeout(10)
        configuration.maximumReaderCount = 4
        configuration.label = "skirret.catalog"
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA synchronous = NORMAL;
                    PRAGMA cache_size = \(db.configuration.readonly ? -8192 : -65536);
                    PRAGMA temp_store = \(temporaryStore);
                    PRAGMA wal_autocheckpoint = 4000;
                    """)
        }
        return configuration
    }

    /// What `quick_check` reports other than "ok".
    static func findings(_ db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA quick_check(5)").filter { $0 != "ok" }
    }

    /// Creates the file with mode 0600, or narrows the mode of an old one; true when there was none.
    private func prepareFile() throws -> Bool {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            Foundation.close(descriptor)
            return true
        }
        guard errno == EEXIST, chmod(path, 0o600) == 0 else { throw cannotOpen(String(cString: strerror(errno))) }
        return false
    }

    private func refuseDamage() throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let findings = try queue.writeWithoutTransaction { try Self.findings($0) }
        try queue.close()
        guard findings.isEmpty else { throw damaged(findings[0]) }
    }

    private func migrate(_ pool: DatabasePool) throws {
        let migrator = CatalogMigrations.migrator()
        guard try pool.read({ try !migrator.hasBeenSuperseded($0) }) else {
            throw CatalogError(
                code: .newerSchema, place: path, found: "a later version of Skirret has migrated this file",
                hint: "Run that version, or start with another database file.")
        }
        try migrator.migrate(pool)
    }

    private func explain(_ error: DatabaseError) -> CatalogError {
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: damaged(error.message ?? "not a database")
        default: cannotOpen(error.message ?? "SQLite error \(error.resultCode.rawValue)")
        }
    }

    private func cannotOpen(_ reason: String) -> CatalogError {
        CatalogError(
            code: .cannotOpen, place: path, found: "cannot open the database (\(reason))",
            hint: "The folder must exist and be writable for this user, on a local disk with space left.")
    }

    private func damaged(_ finding: String) -> CatalogError {
        CatalogError(
            code: .damaged, place: path, found: "the database is damaged (\(finding.prefix(200)))",
            hint: "Stop Skirret and put a backup in its place, or save what is readable with: "
                + "sqlite3 '\(path)' .recover | sqlite3 recovered.db")
    }
}

extension DatabaseQueue {
    /// Brings a dedicated connection's pages from the WAL into the file and closes it, while the caller goes on.
    ///
    /// What was committed is there already; reading a hundred megabytes back and writing them elsewhere keeps nobody
    /// waiting, and what it leaves is brought over after the next write.
    func retire() {
        DispatchQueue.global(qos: .utility).async {
            _ = try? self.writeWithoutTransaction { try $0.checkpoint(.passive) }
            try? self.close()
        }
    }
}

/// An advisory lock on a folder, held for as long as the value is not released.
///
/// Needs no file of its own.
private struct FolderLock {
    private let descriptor: Int32

    init(holding folder: String) throws {
        let path = folder.isEmpty ? "." : folder
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw CatalogError(
                code: .cannotOpen, place: path, found: "cannot use the folder (\(String(cString: strerror(errno))))",
                hint: "Create it, or name another one with SKIRRET_DATA_DIR.")
        }
    }

    func release() { close(descriptor) }
}
