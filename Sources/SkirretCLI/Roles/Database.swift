import Catalog

/// The database before any role opens it.
enum Database {
    /// Makes the file, or brings its tables up to date.
    ///
    /// Safe to call from several processes at once.
    ///
    /// - Throws: `CatalogError`, also for a damaged file, which is left as it is.
    static func migrate(_ settings: Settings) async throws {
        let catalog = try await CatalogDatabase(path: settings.databasePath)
        try await catalog.close()
    }
}
