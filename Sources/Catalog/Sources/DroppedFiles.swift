import CeleryProtocol
public import Foundation
import GRDB

/// A file that somebody put into the data folder.
public struct DroppedFile: Sendable, Equatable {
    /// What it is, by the folder that it lies in.
    public enum Kind: String, Sendable, CaseIterable {
        case playlist = "m3us"
        case guide = "epgs"
        case logo = "logos"

        fileprivate var extensions: Set<String> {
            switch self {
            case .playlist: ["m3u", "m3u8"]
            case .guide: ["xml", "gz", "xz", "zip"]
            case .logo: ["png", "jpg", "jpeg", "gif", "webp", "svg"]
            }
        }
    }

    /// What it is.
    public let kind: Kind
    /// Where it is.
    public let path: String
    /// When it was last written.
    public let modifiedAt: Date

    /// Its last path component.
    public var name: String { (path as NSString).lastPathComponent }

    /// The files of one kind that have been left alone for a while, by name.
    ///
    /// - Parameters:
    ///   - kind: Which; its folder is `m3us`, `epgs` or `logos` below `data`.
    ///   - data: The data folder. A folder that is missing holds nothing.
    ///   - age: A younger file may still be copied.
    ///   - now: When it is.
    /// - Returns: The files.
    public static func found(
        _ kind: Kind, in data: URL, olderThan age: Duration = .seconds(6), at now: Date = Date()
    ) -> [DroppedFile] {
        let folder = data.appending(path: kind.rawValue)
        // A folder that cannot be listed holds nothing that could be taken in.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().compactMap { name in
            guard !name.hasPrefix("."), kind.extensions.contains((name as NSString).pathExtension.lowercased()) else {
                return nil
            }
            let path = folder.appending(path: name).path
            guard let facts = try? FileManager.default.attributesOfItem(atPath: path),  // gone meanwhile
                facts[.type] as? FileAttributeType == .typeRegular, let modified = facts[.modificationDate] as? Date,
                now.timeIntervalSince(modified) >= age / .seconds(1)
            else { return nil }
            return DroppedFile(kind: kind, path: path, modifiedAt: modified)
        }
    }
}

extension CatalogDatabase {
    /// Takes a dropped playlist or guide in: makes the source of it that is missing.
    ///
    /// The source's `custom_properties.file_modified` remembers which state of the file it was given, so that nothing
    /// happens until the file changes.
    ///
    /// - Returns: The source to refresh; nil when the file is known as it is, or somebody switched its source off.
    /// - Throws: A `DatabaseError` when the file cannot be written.
    public func take(_ file: DroppedFile) async throws -> Int? {
        try await pool.write { db in
            let modified = Int(file.modifiedAt.timeIntervalSince1970)
            let table = file.kind == .playlist ? M3UAccountTable.table : EPGSourceTable.table
            let row = try Row.fetchOne(
                db, sql: #"SELECT "id", "is_active", "custom_properties" FROM "\#(table)" WHERE "file_path" = ?"#,
                arguments: [file.path])
            guard let row else { return nil }
            var properties = row.object("custom_properties")
            guard properties["file_modified"]?.int != modified else { return nil }
            properties["file_modified"] = .int(modified)
            var changes = RowChanges()
            changes.set("custom_properties", JSONValue.object(properties).text)
            try changes.update(db, table: table, id: row["id"])
            return row["is_active"] as Bool ? row["id"] : nil
        }
    }

    /// Whether a source reads that file.
    public func knows(_ file: DroppedFile) async throws -> Bool {
        let table = file.kind == .playlist ? M3UAccountTable.table : EPGSourceTable.table
        return try await pool.read { db in
            try Bool.fetchOne(
                db, sql: #"SELECT EXISTS (SELECT 1 FROM "\#(table)" WHERE "file_path" = ?)"#, arguments: [file.path])
                ?? false
        }
    }

    /// Makes logos of files that are none yet, each named like its file.
    ///
    /// - Returns: How many were new.
    public func takeLogos(_ files: [DroppedFile]) async throws -> Int {
        try await pool.write { db in
            try files.reduce(0) { count, file in
                try db.execute(
                    sql: """
                        INSERT INTO "dispatcharr_channels_logo" ("name", "url") VALUES (?, ?)
                        ON CONFLICT ("url") DO NOTHING
                        """,
                    arguments: [((file.name as NSString).deletingPathExtension).cut(to: 255), file.path])
                return count + db.changesCount
            }
        }
    }

    /// Takes note of the groups that a playlist names, without its streams; a group that is gone becomes stale.
    ///
    /// - Returns: The groups with their identifiers, in the order given.
    public func updateGroups(
        of account: Int, to names: [String], newGroupsEnabled: Bool = true, at date: Date = Date()
    ) async throws -> [AccountGroup] {
        try await pool.write { db in
            _ = try M3UAccountTable.get(db, account)
            let seen = DjangoTime.text(date)
            try db.execute(
                sql: """
                    UPDATE "dispatcharr_channels_channelgroupm3uaccount" SET "is_stale" = 1 WHERE "m3u_account_id" = ?
                    """,
                arguments: [account])
            for name in names {
                try db.execute(
                    sql: #"INSERT INTO "dispatcharr_channels_channelgroup" ("name") VALUES (?) ON CONFLICT DO NOTHING"#,
                    arguments: [name])
                try db.execute(
                    sql: """
                        INSERT INTO "dispatcharr_channels_channelgroupm3uaccount" (
                            "channel_group_id", "m3u_account_id", "custom_properties", "enabled", "auto_channel_sync",
                            "last_seen", "is_stale"
                        )
                        SELECT "id", ?1, '{}', ?2, 0, ?3, 0 FROM "dispatcharr_channels_channelgroup" WHERE "name" = ?4
                        ON CONFLICT ("channel_group_id", "m3u_account_id") DO UPDATE SET
                            "last_seen" = excluded."last_seen", "is_stale" = 0
                        """,
                    arguments: [account, newGroupsEnabled, seen, name])
            }
        }
        let known = Dictionary(
            try await m3uAccounts.groups(of: account).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return names.compactMap { known[$0] }
    }
}
