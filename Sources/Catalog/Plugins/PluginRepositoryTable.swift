import CeleryProtocol
import FoundationEssentials
import GRDB

/// `plugins_pluginrepo`.
public struct PluginRepositoryTable: Sendable {
    static let table = "plugins_pluginrepo"
    /// What Django's `URLField` holds.
    private static let longestURL = 200

    let pool: DatabasePool

    /// Every repository, the official one first, then by name.
    public func all() async throws -> [PluginRepository] {
        try await fetch(where: "1")
    }

    /// Those that are switched on, in the same order.
    public func enabled() async throws -> [PluginRepository] {
        try await fetch(where: #""enabled""#)
    }

    /// The repository with that identifier, or nil.
    public func find(_ id: Int) async throws -> PluginRepository? {
        try await fetch(where: #""id" = ?"#, [id]).first
    }

    /// Whether the manifest at that address is a repository's already.
    public func knows(_ url: String) async throws -> Bool {
        try await !fetch(where: #""url" = ?"#, [url]).isEmpty
    }

    /// Adds a repository with the manifest that was found there.
    ///
    /// - Throws: ``CatalogError`` `duplicate`, `invalidValue` for an address of more than 200 characters.
    public func insert(url: String, publicKey: String, _ manifest: FetchedManifest) async throws -> PluginRepository {
        guard url.count <= Self.longestURL else {
            throw CatalogError.invalid(
                "\(Self.table).url", found: "\(url.count) characters",
                hint: "An address has at most \(Self.longestURL).")
        }
        return try await pool.write { db in
            let taken = try Self.fetch(db, where: #""url" = ?"#, [url])
            guard taken.isEmpty else {
                throw CatalogError(
                    code: .duplicate, place: Self.table, found: "plugin repo with this url already exists",
                    hint: "Refresh the one that is there.")
            }
            var row = RowChanges()
            let now = DjangoTime.text(Date())
            row.set("url", url)
            row.set("public_key", publicKey)
            row.set("is_official", false)
            row.set("enabled", true)
            row.set("created_at", now)
            Self.set(manifest, in: &row, now: now)
            let id = try row.insert(db, table: Self.table)
            return try Self.require(db, id)
        }
    }

    /// Changes what may be changed; nil keeps what is there.
    ///
    /// - Parameters:
    ///   - id: The row.
    ///   - isEnabled: Whether its plugins are shown.
    ///   - key: Another public key, and what it says of the manifest that was fetched last.
    /// - Returns: The row afterwards.
    /// - Throws: ``CatalogError`` `notFound`.
    @discardableResult
    public func update(
        _ id: Int, isEnabled: Bool? = nil, key: (text: String, isSignatureRight: Bool?)? = nil
    ) async throws -> PluginRepository {
        try await pool.write { db in
            _ = try Self.require(db, id)
            var row = RowChanges()
            if let isEnabled { row.set("enabled", isEnabled) }
            if let key {
                row.set("public_key", key.text)
                row.set("signature_verified", key.isSignatureRight)
            }
            row.set("updated_at", DjangoTime.text(Date()))
            try row.update(db, table: Self.table, id: id)
            return try Self.require(db, id)
        }
    }

    /// Puts a manifest in the place of the old one.
    ///
    /// Plugins that were installed from here and are no longer offered stay installed, on their own; whether one is
    /// deprecated is taken over for the others. All of it or nothing.
    ///
    /// - Returns: The row afterwards, and the keys of the plugins that are on their own now.
    /// - Throws: ``CatalogError`` `notFound`.
    @discardableResult
    public func take(
        _ manifest: FetchedManifest, for id: Int
    ) async throws -> (repository: PluginRepository, dropped: [String]) {
        try await pool.write { db in
            _ = try Self.require(db, id)
            let now = DjangoTime.text(Date())
            var row = RowChanges()
            Self.set(manifest, in: &row, now: now)
            try row.update(db, table: Self.table, id: id)
            let installed = try Row.fetchAll(
                db, sql: #"SELECT * FROM "plugins_pluginconfig" WHERE "source_repo_id" = ? ORDER BY "key""#,
                arguments: [id]
            ).map(PluginRow.init)
            var dropped: [String] = []
            for plugin in installed {
                var changes = RowChanges()
                if let isDeprecated = manifest.offers[plugin.slug] {
                    changes.set("deprecated", plugin.isDeprecated, isDeprecated)
                } else {
                    dropped.append(plugin.key)
                    changes.set("source_repo_id", nil as Int?)
                    changes.set("slug", "")
                    changes.set("deprecated", false)
                }
                guard !changes.columns.isEmpty else { continue }
                changes.set("updated_at", now)
                try changes.update(db, table: "plugins_pluginconfig", id: plugin.id)
            }
            return (try Self.require(db, id), dropped)
        }
    }

    /// Remembers why a fetch failed; the manifest of the last good one stays.
    public func noteFailure(_ id: Int, status: String) async throws {
        try await pool.write { db in
            let now = DjangoTime.text(Date())
            var row = RowChanges()
            row.set("last_fetched", now)
            row.set("last_fetch_status", status.cut(to: 255))
            row.set("updated_at", now)
            try row.update(db, table: Self.table, id: id)
        }
    }

    /// Forgets a repository; the plugins that were installed from it stay, on their own.
    ///
    /// - Throws: ``CatalogError`` `notFound`, `locked` for the official one.
    public func delete(_ id: Int) async throws {
        try await pool.write { db in
            guard try !Self.require(db, id).isOfficial else {
                throw CatalogError(
                    code: .locked, place: "\(Self.table) \(id)", found: "the official repository cannot be deleted",
                    hint: "Switch it off instead.")
            }
            try db.execute(
                sql: #"UPDATE "plugins_pluginconfig" SET "source_repo_id" = NULL WHERE "source_repo_id" = ?"#,
                arguments: [id])
            try db.execute(sql: #"DELETE FROM "plugins_pluginrepo" WHERE "id" = ?"#, arguments: [id])
        }
    }

    /// Where the installed plugins came from, by the plugins' keys.
    ///
    /// Reads the versions out of the manifests inside SQLite: they may be megabytes.
    public func origins() async throws -> [String: PluginOrigin] {
        try await pool.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT plugin."key", repo."id", repo."name", repo."is_official", (
                        SELECT json_extract(offer."value", '$.latest_version')
                        FROM json_each(repo."cached_manifest", '$.manifest.plugins') AS offer
                        WHERE repo."enabled" AND CASE offer."type"
                            WHEN 'object' THEN json_extract(offer."value", '$.slug') = plugin."slug" ELSE 0 END
                        LIMIT 1
                    ) AS "latest"
                    FROM "plugins_pluginconfig" AS plugin
                    JOIN "plugins_pluginrepo" AS repo ON repo."id" = plugin."source_repo_id"
                    """)
            return Dictionary(
                rows.map { row in
                    // Text, whatever a manifest's author put there.
                    let latest = String.fromDatabaseValue(row["latest"]) ?? ""
                    let origin = PluginOrigin(
                        repository: row["id"], name: row["name"], isOfficial: row["is_official"],
                        latestVersion: latest)
                    return (row["key"] as String, origin)
                }, uniquingKeysWith: { first, _ in first })
        }
    }

    private static func set(_ manifest: FetchedManifest, in row: inout RowChanges, now: String) {
        row.set("name", manifest.name.cut(to: 255))
        row.set("cached_manifest", JSONValue.object(manifest.document).text)
        row.set("signature_verified", manifest.isSignatureRight)
        row.set("last_fetched", now)
        row.set("last_fetch_status", "200")
        row.set("updated_at", now)
    }

    private func fetch(where condition: String, _ arguments: StatementArguments = []) async throws
        -> [PluginRepository]
    {
        try await pool.read { try Self.fetch($0, where: condition, arguments) }
    }

    private static func fetch(
        _ db: Database, where condition: String, _ arguments: StatementArguments
    ) throws -> [PluginRepository] {
        try Row.fetchAll(
            db,
            sql: #"SELECT * FROM "plugins_pluginrepo" WHERE \#(condition) ORDER BY "is_official" DESC, "name", "id""#,
            arguments: arguments
        ).map(PluginRepository.init)
    }

    private static func require(_ db: Database, _ id: Int) throws -> PluginRepository {
        guard let found = try fetch(db, where: #""id" = ?"#, [id]).first else {
            throw CatalogError.notFound(table, id)
        }
        return found
    }
}
