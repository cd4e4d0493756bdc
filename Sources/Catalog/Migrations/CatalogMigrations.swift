import GRDB

/// The schema's history.
///
/// A migration that has been released is never edited; a new one is added below it.
///
/// The SQL lies in `SQL/`, one file per group of tables, and is what Django would make for the models in
/// `PluginRuntime/Python`: change both together. `Tests/Plugins/test_schema.py` compares them.
enum CatalogMigrations {
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1 tables of Dispatcharr and django_celery_beat") { db in
            for script in [
                PackageResources.v1_accounts_sql, PackageResources.v1_schedules_sql, PackageResources.v1_core_sql,
                PackageResources.v1_m3u_sql, PackageResources.v1_epg_sql, PackageResources.v1_channels_sql,
                PackageResources.v1_vod_sql, PackageResources.v1_plugins_sql, PackageResources.v1_seed_sql,
            ] {
                try db.execute(sql: String(decoding: script, as: UTF8.self))
            }
        }
        migrator.registerMigration("v2 ledger of accepted tasks") { db in
            try db.execute(sql: String(decoding: PackageResources.v2_ledger_sql, as: UTF8.self))
        }
        migrator.registerMigration("v3 files that sources were refreshed from") { db in
            try db.execute(sql: String(decoding: PackageResources.v3_fetched_file_sql, as: UTF8.self))
        }
        migrator.registerMigration("v4 where Dispatcharr's own plugins are") { db in
            try db.execute(sql: String(decoding: PackageResources.v4_plugin_repository_sql, as: UTF8.self))
        }
        migrator.registerMigration("v5 Django's permissions") { db in
            try db.execute(sql: String(decoding: PackageResources.v5_permissions_sql, as: UTF8.self))
        }
        migrator.registerMigration("v6 log-ins at Schedules Direct") { db in
            try db.execute(sql: String(decoding: PackageResources.v6_direct_token_sql, as: UTF8.self))
        }
        return migrator
    }
}
