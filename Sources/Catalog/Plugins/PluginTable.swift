public import CeleryProtocol
import FoundationEssentials
import GRDB

/// `plugins_pluginconfig`: which plugins there are, which may run, and their settings.
public struct PluginTable: Sendable {
    let pool: DatabasePool

    /// Every plugin, by name.
    public func all() async throws -> [PluginRow] {
        try await pool.read { db in
            try Row.fetchAll(db, sql: #"SELECT * FROM "plugins_pluginconfig" ORDER BY "name", "key""#)
                .map(PluginRow.init)
        }
    }

    /// The plugin with that key, or nil.
    public func find(_ key: String) async throws -> PluginRow? {
        // One statement sees one state of the file by itself. Asked twice for each action: no transaction around it.
        try await pool.unsafeRead { try Self.find($0, key) }
    }

    /// Makes the table agree with what is on disk: unknown plugins get a disabled row, and what the plugin says of
    /// itself is taken over where it changed.
    ///
    /// Rows of plugins that are gone stay, with their settings.
    ///
    /// - Returns: The keys that were new.
    @discardableResult
    public func synchronize(with discovered: [DiscoveredPlugin]) async throws -> [String] {
        try await pool.write { db in
            let now = DjangoTime.text(Date())
            var added: [String] = []
            for plugin in discovered {
                let name = String(plugin.name.prefix(255))
                let version = String(plugin.version.prefix(64))
                try db.execute(
                    sql: """
                        INSERT INTO "plugins_pluginconfig" (
                            "key", "name", "version", "description", "enabled", "ever_enabled", "settings",
                            "slug", "installed_version_is_prerelease", "deprecated", "created_at", "updated_at"
                        )
                        VALUES (?, ?, ?, ?, 0, 0, '{}', '', 0, 0, ?, ?)
                        ON CONFLICT ("key") DO NOTHING
                        """,
                    arguments: [plugin.key, name, version, plugin.description, now, now])
                if db.changesCount > 0 {
                    added.append(plugin.key)
                    continue
                }
                try db.execute(
                    sql: """
                        UPDATE "plugins_pluginconfig"
                        SET "name" = ?1, "version" = coalesce(nullif(?2, ''), "version"), "description" = ?3,
                            "updated_at" = ?4
                        WHERE "key" = ?5 AND ("name", "version", "description")
                            IS NOT (?1, coalesce(nullif(?2, ''), "version"), ?3)
                        """,
                    arguments: [name, version, plugin.description, now, plugin.key])
            }
            return added
        }
    }

    /// The saved settings; a plugin without a row has none.
    public func settings(of key: String) async throws -> JSONObject {
        try await find(key)?.settings ?? JSONObject()
    }

    /// Puts other settings in the place of the saved ones.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    @discardableResult
    public func replaceSettings(of key: String, with settings: JSONObject) async throws -> PluginRow {
        try await change(key, sql: #""settings" = ?"#, [JSONValue.object(settings).text])
    }

    /// Lets the plugin run or forbids it; the first permission is remembered as trust.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    @discardableResult
    public func setEnabled(_ key: String, _ isEnabled: Bool) async throws -> PluginRow {
        try await change(key, sql: #""enabled" = ?, "ever_enabled" = "ever_enabled" OR ?"#, [isEnabled, isEnabled])
    }

    /// Remembers which repository a plugin was installed from.
    ///
    /// - Throws: ``CatalogError`` `notFound`.
    @discardableResult
    public func link(_ key: String, to install: RepositoryInstall) async throws -> PluginRow {
        try await change(
            key,
            sql: """
                "source_repo_id" = ?, "slug" = ?, "version" = ?, "installed_version_is_prerelease" = ?,
                "deprecated" = ?
                """,
            [
                install.repository, install.slug.cut(to: 128), install.version.cut(to: 64), install.isPrerelease,
                install.isDeprecated,
            ])
    }

    /// Makes a plugin one that came by hand.
    ///
    /// - Returns: Whether it had been installed from a repository.
    @discardableResult
    public func unlink(_ key: String) async throws -> Bool {
        try await pool.write { db in
            try db.execute(
                sql: """
                    UPDATE "plugins_pluginconfig"
                    SET "source_repo_id" = NULL, "slug" = '', "installed_version_is_prerelease" = 0, "deprecated" = 0,
                        "updated_at" = ?
                    WHERE "key" = ? AND "source_repo_id" IS NOT NULL
                    """,
                arguments: [DjangoTime.text(Date()), key])
            return db.changesCount > 0
        }
    }

    /// Forgets the plugin and its settings; false when there was none.
    @discardableResult
    public func delete(_ key: String) async throws -> Bool {
        try await pool.write { db in
            try db.execute(sql: #"DELETE FROM "plugins_pluginconfig" WHERE "key" = ?"#, arguments: [key])
            return db.changesCount > 0
        }
    }

    private func change(
        _ key: String, sql assignments: String, _ values: [(any DatabaseValueConvertible & Sendable)?]
    ) async throws -> PluginRow {
        try await pool.write { db in
            try db.execute(
                sql: #"UPDATE "plugins_pluginconfig" SET \#(assignments), "updated_at" = ? WHERE "key" = ?"#,
                arguments: StatementArguments(values) + [DjangoTime.text(Date()), key])
            guard let row = try Self.find(db, key) else { throw CatalogError.notFound("plugins_pluginconfig", key) }
            return row
        }
    }

    private static func find(_ db: Database, _ key: String) throws -> PluginRow? {
        let statement = try db.cachedStatement(sql: #"SELECT * FROM "plugins_pluginconfig" WHERE "key" = ?"#)
        return try Row.fetchOne(statement, arguments: [key]).map(PluginRow.init)
    }
}
