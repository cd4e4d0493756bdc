import Catalog
import Foundation
import Ingest

/// The catalogue as the refresh of films and series needs it.
struct CatalogLibrary: LibraryStore {
    let catalog: CatalogDatabase

    func hasCategories(of kind: Ingest.LibraryKind, account: Int) async throws -> Bool {
        try await catalog.hasLibraryCategories(of: kind.inCatalog, account: account)
    }

    func beginLibrary(account: Int) async throws -> any LibraryStaging {
        Staging(refresh: try await catalog.beginLibraryRefresh(account: account))
    }

    private struct Staging: LibraryStaging {
        let refresh: Catalog.LibraryRefresh

        func stage(_ titles: [LibraryTitle], of kind: Ingest.LibraryKind) async throws {
            try await refresh.stage(titles.map(StagedTitle.init), of: kind.inCatalog)
        }

        func commit(categories: [Ingest.LibraryKind: [LibraryCategory]], scanStart: Date) async throws {
            let staged = categories.map { kind, list in
                (kind.inCatalog, list.map { StagedCategory(id: $0.id, name: $0.name) })
            }
            try await refresh.commit(categories: Dictionary(uniqueKeysWithValues: staged), at: scanStart)
        }

        // Nothing was visible yet, and the staging area goes with its connection in any case.
        func discard() async { try? await refresh.discard() }
    }
}

extension Ingest.LibraryKind {
    var inCatalog: Catalog.LibraryKind {
        switch self {
        case .movie: .movie
        case .series: .series
        }
    }
}

extension StagedTitle {
    init(_ title: LibraryTitle) {
        self.init(id: title.id, name: title.name, customProperties: title.customProperties, raw: title.raw)
        category = title.category
        year = title.year
        tmdbID = title.tmdbID
        imdbID = title.imdbID
        description = title.description
        rating = title.rating
        genre = title.genre
        durationSeconds = title.durationSeconds
        isAdult = title.isAdult
        logo = title.logo
        containerExtension = title.containerExtension
    }
}

extension StagedEpisode {
    init(_ episode: LibraryEpisode) {
        self.init(id: episode.id, season: episode.season, number: episode.number, name: episode.name)
        description = episode.description
        airDate = episode.airDate
        rating = episode.rating
        durationSeconds = episode.durationSeconds
        tmdbID = episode.tmdbID
        imdbID = episode.imdbID
        containerExtension = episode.containerExtension
        customProperties = episode.customProperties
        raw = episode.raw
    }
}

extension MovieFacts {
    init(_ details: MovieDetails) {
        self.init()
        description = details.description
        rating = details.rating
        genre = details.genre
        durationSeconds = details.durationSeconds
        year = details.year
        tmdbID = details.tmdbID
        imdbID = details.imdbID
        customProperties = details.customProperties
        info = details.info
        movieData = details.movieData
    }
}
