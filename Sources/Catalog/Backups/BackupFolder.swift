public import Foundation
import GRDB

/// A backup that lies in the folder.
public struct Backup: Sendable, Equatable {
    /// Its name in the folder.
    public let filename: String
    /// In bytes.
    public let size: Int
    /// When it was written.
    public let createdAt: Date
}

/// Where backups of the database lie: whole copies, each a database that can be opened.
///
/// They are made with SQLite's online backup, so nobody waits for one and none holds half a transaction. A file has
/// its name only when it is complete and checked; mode 0600, because passwords of providers are in it.
public struct BackupFolder: Sendable {
    private let catalog: CatalogDatabase
    private let folder: URL

    /// The backups of a database, in a folder that is made when it is needed.
    public init(_ catalog: CatalogDatabase, folder: URL) {
        self.catalog = catalog
        self.folder = folder
    }

    /// Every backup, the newest first.
    public func all() async throws -> [Backup] {
        let folder = folder
        return try await blocking { try Self.list(folder) }
    }

    /// Writes one.
    ///
    /// - Parameter label: Stands in its name: `skirret-backup-2026.11.23.05.30.00.db`.
    /// - Returns: The file.
    /// - Throws: ``CatalogError`` `cannotWrite` or `damaged`, when the copy is not sound; then there is no file.
    public func create(label: String = "backup") async throws -> Backup {
        let (pool, folder) = (catalog.pool, folder)
        return try await blocking {
            do {
                try FileManager.default.createDirectory(
                    at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw Self.cannotWrite(folder, error)
            }
            let name = try Self.freeName(label, in: folder)
            let unfinished = folder.appending(path: ".\(name).part").path
            defer { try? FileManager.default.removeItem(atPath: unfinished) }  // it is gone when all went well
            guard
                FileManager.default.createFile(
                    atPath: unfinished, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw Self.cannotWrite(folder, CocoaError(.fileWriteUnknown)) }
            try Self.copy(pool, to: unfinished)
            let target = folder.appending(path: name)
            guard rename(unfinished, target.path) == 0 else {
                throw Self.cannotWrite(folder, CocoaError(.fileWriteUnknown))
            }
            return try Self.describe(target)
        }
    }

    /// Puts a backup in the place of what is in the database, after keeping that as a backup of its own.
    ///
    /// Other processes see the old content until the end and the new one from then on. An older schema is brought up
    /// to date.
    ///
    /// - Parameter filename: A name of ``all()``, no path.
    /// - Returns: What was there before.
    /// - Throws: ``CatalogError`` `notFound`, `damaged`, or `newerSchema`; then nothing has changed.
    @discardableResult
    public func restore(_ filename: String) async throws -> Backup {
        let (pool, folder) = (catalog.pool, folder)
        let known = try await all().map(\.filename)
        guard known.contains(filename) else { throw CatalogError.notFound("backup", "'\(filename.prefix(120))'") }
        let source = try await blocking { try Self.openSound(folder.appending(path: filename).path) }
        let before = try await create(label: "before-restore")
        try await blocking {
            try source.backup(to: pool)
            try source.close()
            try CatalogMigrations.migrator().migrate(pool)
        }
        return before
    }

    /// Removes all but the newest backups; what restoring kept does not count and stays.
    ///
    /// - Parameter count: How many stay; 0 means all.
    /// - Returns: The names of those that went.
    /// - Throws: What listing or removing the files throws.
    @discardableResult
    public func keep(newest count: Int) async throws -> [String] {
        guard count > 0 else { return [] }
        let old = try await all().filter { $0.filename.hasPrefix("\(Self.product)-backup-") }.dropFirst(count)
        for backup in old { try FileManager.default.removeItem(at: folder.appending(path: backup.filename)) }
        return old.map(\.filename)
    }

    // MARK: - Files

    private static let product = "skirret"

    private static func list(_ folder: URL) throws -> [Backup] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".db") && !$0.hasPrefix(".") }
            .map { try describe(folder.appending(path: $0)) }
            .sorted { ($0.createdAt, $0.filename) > ($1.createdAt, $1.filename) }
    }

    private static func describe(_ file: URL) throws -> Backup {
        let facts = try FileManager.default.attributesOfItem(atPath: file.path)
        return Backup(
            filename: file.lastPathComponent, size: facts[.size] as? Int ?? 0,
            createdAt: facts[.modificationDate] as? Date ?? .distantPast)
    }

    /// Two in one second get different names.
    private static func freeName(_ label: String, in folder: URL) throws -> String {
        let stamp = DjangoTime.text(Date()).prefix(19).map { "- :".contains($0) ? "." : String($0) }.joined()
        let base = "\(product)-\(label)-\(stamp)"
        for suffix in [""] + (2...1000).map({ "-\($0)" }) {
            let name = "\(base)\(suffix).db"
            if !FileManager.default.fileExists(atPath: folder.appending(path: name).path) { return name }
        }
        throw cannotWrite(folder, CocoaError(.fileWriteFileExists))
    }

    private static func copy(_ pool: DatabasePool, to path: String) throws {
        do {
            let copy = try DatabaseQueue(path: path)
            try pool.backup(to: copy)
            // One file that can be carried away: without this it would want a WAL beside it when it is opened.
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            let findings = try copy.writeWithoutTransaction { try CatalogFile.findings($0) }
            try copy.close()
            guard findings.isEmpty else {
                throw CatalogError(
                    code: .damaged, place: path, found: "the copy is not sound (\(findings[0].prefix(200)))",
                    hint: "The database itself may be damaged: run skirret doctor.")
            }
        } catch let error as DatabaseError {
            throw CatalogError.writing(error, place: path) ?? error
        }
    }

    private static func openSound(_ path: String) throws -> DatabaseQueue {
        func unusable(_ found: String) -> CatalogError {
            CatalogError(code: .damaged, place: path, found: found, hint: "Restore another backup.")
        }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = CatalogMigrations.migrator()
            let (findings, isNewer, isOurs) = try queue.read { db in
                (
                    try CatalogFile.findings(db), try migrator.hasBeenSuperseded(db),
                    try db.tableExists("core_coresettings")
                )
            }
            guard findings.isEmpty else { throw unusable("it is damaged (\(findings[0].prefix(200)))") }
            guard isOurs else { throw unusable("it is a database, but not one of Skirret's") }
            guard !isNewer else {
                throw CatalogError(
                    code: .newerSchema, place: path, found: "a later version of Skirret has written it",
                    hint: "Update Skirret first.")
            }
            return queue
        } catch let error as DatabaseError {
            throw unusable("it cannot be read (\(error.message ?? "\(error.resultCode)"))")
        }
    }

    private static func cannotWrite(_ folder: URL, _ error: any Error) -> CatalogError {
        CatalogError(
            code: .cannotWrite, place: folder.path, found: "a backup cannot be written there (\(error))",
            hint: "The folder must be writable and its disk have room for a copy of the database.")
    }
}
