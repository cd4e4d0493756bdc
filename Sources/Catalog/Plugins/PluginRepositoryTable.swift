public import CeleryProtocol
import FoundationEssentials
import GRDB

/// Where plugins may be installed from: one row of `plugins_pluginrepo`.
public struct PluginRepository: Sendable, Equatable {
    /// The row's identifier.
    public let id: Int
    /// For people.
    public let name: String
    /// Where its manifest is.
    public let url: String
    /// Whether its manifests are signed.
    public let hasPublicKey: Bool
}

/// `plugins_pluginrepo`.
public struct PluginRepositoryTable: Sendable {
    let pool: DatabasePool

    /// Those that are switched on, the official one first.
    public func enabled() async throws -> [PluginRepository] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: #"SELECT * FROM "plugins_pluginrepo" WHERE "enabled" ORDER BY "is_official" DESC, "name""#
            ).map {
                PluginRepository(
                    id: $0["id"], name: $0["name"], url: $0["url"], hasPublicKey: !($0["public_key"] as String).isEmpty)
            }
        }
    }

    /// Keeps a manifest that was fetched; whether it is what its author signed is not known.
    ///
    /// Nil keeps the old one: only the status changes.
    public func note(_ id: Int, manifest: JSONObject?, status: String) async throws {
        try await pool.write { db in
            let now = DjangoTime.text(Date())
            var row = RowChanges()
            if let manifest {
                row.set("cached_manifest", JSONValue.object(manifest).text)
                row.set("signature_verified", nil as Bool?)
                row.set("last_fetched", now)
            }
            row.set("last_fetch_status", status.cut(to: 255))
            row.set("updated_at", now)
            try row.update(db, table: "plugins_pluginrepo", id: id)
        }
    }
}
