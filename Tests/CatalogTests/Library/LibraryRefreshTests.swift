import CeleryProtocol
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Library refresh") struct LibraryRefreshTests {
    private static let categories: [LibraryKind: [StagedCategory]] = [
        .movie: [StagedCategory(id: "1", name: "Action")], .series: [StagedCategory(id: "1", name: "Drama")],
    ]

    private func film(
        _ id: String, _ name: String, category: String? = "1", _ change: (inout StagedTitle) -> Void = { _ in }
    ) -> StagedTitle {
        var title = StagedTitle(id: id, name: name, raw: ["stream_id": .string(id), "name": .string(name)])
        title.category = category
        title.containerExtension = "mp4"
        change(&title)
        return title
    }

    private func account(_ catalog: CatalogDatabase, _ name: String = "XC") async throws -> Int {
        var draft = M3UAccountDraft(name: name)
        draft.kind = .xtream
        return try await catalog.m3uAccounts.create(draft).id
    }

    @discardableResult
    private func refresh(
        _ catalog: CatalogDatabase, _ account: Int, _ movies: [StagedTitle], series: [StagedTitle] = [],
        categories: [LibraryKind: [StagedCategory]] = categories, at date: Date = Date()
    ) async throws -> LibraryRefreshCounts {
        let refresh = try await catalog.beginLibraryRefresh(account: account)
        try await refresh.stage(movies, of: .movie)
        try await refresh.stage(series, of: .series)
        return try await refresh.commit(categories: categories, at: date)
    }

    private func list(_ catalog: CatalogDatabase, _ sql: String) async throws -> [String] {
        try await catalog.pool.read { try String.fetchAll($0, sql: sql) }
    }

    @Test func `films become rows once, with their offers, and go when nobody has them`() async throws {
        try await withCatalog { catalog in
            let one = try await account(catalog)
            let films = [
                film("10", "A") {
                    $0.tmdbID = "1"; $0.logo = "http://i/a"
                }, film("11", "B", category: nil),
                film("12", "C", category: "99"),
            ]
            let first = try await refresh(catalog, one, films)
            #expect((first.created, first.updated, first.unchanged) == (3, 0, 0))
            #expect(
                try await list(
                    catalog,
                    """
                    SELECT movie.name || ' ' || category.name || ' ' || relation.stream_id || ' '
                        || relation.custom_properties
                    FROM vod_m3umovierelation AS relation JOIN vod_movie AS movie ON movie.id = relation.movie_id
                    JOIN vod_vodcategory AS category ON category.id = relation.category_id ORDER BY relation.id
                    """) == [
                        #"A Action 10 {"detailed_fetched":false,"basic_data":{"stream_id":"10","name":"A","_provider_category_id":"1","_category_id":1}}"#,
                        #"B Uncategorized 11 {"detailed_fetched":false,"basic_data":{"stream_id":"11","name":"B","_provider_category_id":null,"_category_id":2}}"#,
                        #"C Uncategorized 12 {"detailed_fetched":false,"basic_data":{"stream_id":"12","name":"C","_provider_category_id":"99","_category_id":2}}"#,
                    ])
            let movies = try await catalog.dump("vod_movie")
            let relations = try await catalog.dump("vod_m3umovierelation", without: ["last_seen"])
            let again = try await refresh(catalog, one, films)
            #expect((again.created, again.updated, again.unchanged) == (0, 0, 3))
            #expect(try await catalog.dump("vod_movie") == movies)
            #expect(try await catalog.dump("vod_m3umovierelation", without: ["last_seen"]) == relations)
            let third = try await refresh(catalog, one, Array(films.dropFirst()))
            #expect(third.cleanup.movieRelations == 1 && third.cleanup.movies == 1)
            #expect(try await list(catalog, "SELECT name FROM vod_movie ORDER BY id") == ["B", "C"])
            #expect(try await catalog.findings().isEmpty)
        }
    }

    @Test func `the same film of two accounts is one row, by its numbers or by name and year`() async throws {
        try await withCatalog { catalog in
            let (one, two) = (try await account(catalog), try await account(catalog, "Other"))
            try await refresh(
                catalog, one,
                [
                    film("1", "A") { $0.tmdbID = "5" }, film("2", "B") { $0.imdbID = "tt2" },
                    film("3", "C") { $0.year = 1999 },
                    film("4", "D"),
                ])
            let counts = try await refresh(
                catalog, two,
                [
                    film("1", "Other A") {
                        $0.tmdbID = "5"; $0.imdbID = "tt2"; $0.description = "About"
                    },
                    film("2", "Other B") {
                        $0.tmdbID = "6"; $0.imdbID = "tt2"
                    }, film("3", "C") { $0.year = 2000 },
                    film("4", "D"),
                ])
            #expect((counts.created, counts.updated) == (1, 2))
            #expect(
                try await list(
                    catalog,
                    """
                    SELECT name || ' ' || ifnull(year, '-') || ' ' || ifnull(tmdb_id, '-') || ' ' || ifnull(imdb_id, '-')
                        || ' ' || description FROM vod_movie ORDER BY id
                    """) == [
                        "A - 5 - About", "B - 6 tt2 ", "C 1999 - - ", "D - - - ", "C 2000 - - ",
                    ])
            // What one account loses stays while the other has it.
            try await refresh(catalog, one, [])
            #expect(try await list(catalog, "SELECT name FROM vod_movie ORDER BY id") == ["A", "B", "D", "C"])
            #expect(try await catalog.findings().isEmpty)
        }
    }

    @Test func `what a provider leaves out clears nothing`() async throws {
        try await withCatalog { catalog in
            let one = try await account(catalog)
            try await refresh(
                catalog, one,
                [
                    film("1", "A") {
                        ($0.description, $0.rating, $0.isAdult) = ("About", "7.0", true)
                        $0.customProperties = ["director": "D", "youtube_trailer": "old"]
                        $0.logo = "http://i/a"
                    }
                ])
            try await refresh(
                catalog, one,
                [
                    film("1", "A") {
                        $0.raw["changed"] = true
                        $0.rating = "8.0"
                        $0.customProperties = ["director": "Other", "youtube_trailer": "new"]
                    }
                ])
            #expect(
                try await list(
                    catalog,
                    "SELECT description || rating || is_adult || ifnull(logo_id, '-') || custom_properties FROM vod_movie"
                ) == [#"About8.01-{"director":"D","youtube_trailer":"new"}"#])
        }
    }

    @Test func `categories that nobody wants have no films, those that are gone go`() async throws {
        try await withCatalog { catalog in
            let one = try await account(catalog)
            try await refresh(catalog, one, [film("1", "A"), film("2", "B", category: nil)])
            try await catalog.run("UPDATE vod_m3uvodcategoryrelation SET enabled = 0 WHERE category_id = 1")
            #expect(try await refresh(catalog, one, [film("1", "A"), film("2", "B", category: nil)]).unchanged == 1)
            #expect(try await list(catalog, "SELECT name FROM vod_movie") == ["B"])
            #expect(try await catalog.hasLibraryCategories(of: .movie, account: one))
            let comedy: [LibraryKind: [StagedCategory]] = [.movie: [StagedCategory(id: "1", name: "Comedy")]]
            try await catalog.m3uAccounts.update(one) {
                $0.customProperties = ["auto_enable_new_groups_vod": false]
            }
            try await refresh(catalog, one, [film("1", "A")], categories: comedy)
            #expect(
                try await list(catalog, "SELECT name FROM vod_vodcategory WHERE category_type = 'movie'") == [
                    "Uncategorized", "Comedy",
                ])
            #expect(try await list(catalog, "SELECT name FROM vod_movie") == [])
            #expect(try await catalog.hasLibraryCategories(of: .series, account: one) == false)
            #expect(try await catalog.findings().isEmpty)
        }
    }

    @Test func `episodes of a series outlive refreshes of the list, and go with the series`() async throws {
        try await withCatalog { catalog in
            let one = try await account(catalog)
            try await refresh(catalog, one, [], series: [film("7", "S")])
            let offer = try #require(
                try await catalog.library.seriesOffers(of: one, series: [1], notSince: Date()).first)
            #expect(try await catalog.library.seriesOffers(of: one, series: nil, notSince: Date()).isEmpty)
            var (first, second, third) = (
                StagedEpisode(id: "71", season: 1, number: 1, name: "One"),
                StagedEpisode(id: "72", season: 1, number: 1, name: "One, dubbed"),
                StagedEpisode(id: "73", season: 1, number: 2, name: "Two")
            )
            first.raw = ["id": "71"]
            let facts = SeriesFacts(description: "About", year: 2001)
            #expect(try await catalog.library.store([first, second, third], facts, ofOffer: offer.id) == 3)
            func episodes() async throws -> [String] {
                try await list(
                    catalog,
                    """
                    SELECT relation.stream_id || ' ' || season_number || 'x' || episode_number || ' ' || episode.name
                    FROM vod_m3uepisoderelation AS relation
                    JOIN vod_episode AS episode ON episode.id = relation.episode_id ORDER BY relation.stream_id
                    """)
            }
            #expect(try await episodes() == ["71 1x1 One", "72 1x1 One", "73 1x2 Two"])
            #expect(try await list(catalog, "SELECT description || year FROM vod_series") == ["About2001"])
            try await refresh(catalog, one, [], series: [film("7", "S")], at: Date(timeIntervalSinceNow: 60))
            #expect(try await episodes().count == 3)
            third.name = "Two, at last"
            second.season = 2
            let other = SeriesFacts(description: "Other", year: 2002)
            #expect(try await catalog.library.store([second, third], other, ofOffer: offer.id) == 2)
            #expect(try await episodes() == ["72 2x1 One, dubbed", "73 1x2 Two, at last"])
            #expect(try await list(catalog, "SELECT description || year FROM vod_series") == ["About2001"])
            #expect(try await catalog.library.store([], other, ofOffer: offer.id) == 0)
            #expect(try await episodes().count == 2)
            #expect(try await catalog.library.seriesOffers(of: one, series: nil, notSince: .distantFuture).count == 1)
            let gone = try await refresh(catalog, one, [], at: Date(timeIntervalSinceNow: 120))
            #expect((gone.cleanup.seriesRelations, gone.cleanup.episodeRelations, gone.cleanup.series) == (1, 2, 1))
            #expect(try await catalog.count("SELECT count(*) FROM vod_episode") == 0)
            #expect(try await catalog.findings().isEmpty)
        }
    }

    @Test func `details fill a film, and join it with the one that it turns out to be`() async throws {
        try await withCatalog { catalog in
            let one = try await account(catalog)
            try await refresh(
                catalog, one,
                [
                    film("1", "A"),
                    film("2", "A, otherwise named") {
                        ($0.tmdbID, $0.genre) = ("5", "Action")
                        $0.customProperties = ["director": "D", "youtube_trailer": "t"]
                    },
                ])
            let offer = try #require(try await catalog.library.offer(1, of: .movie))
            #expect(offer.externalID == "1" && offer.detailedAt == nil)
            var facts = MovieFacts()
            (facts.tmdbID, facts.description, facts.year, facts.durationSeconds) = ("5", "About", 1999, 60)
            (facts.customProperties, facts.info) = (["director": "E", "actors": "F"], ["plot": "About"])
            try await catalog.library.store(facts, ofOffer: offer.id)
            #expect(
                try await list(
                    catalog,
                    """
                    SELECT name || ' ' || tmdb_id || ' ' || genre || ' ' || description || ' ' || year || ' '
                        || duration_secs || ' ' || custom_properties FROM vod_movie
                    """) == [
                        #"A 5 Action About 1999 60 {"director":"D","actors":"F","youtube_trailer":"t"}"#
                    ])
            #expect(
                try await list(catalog, "SELECT movie_id || ' ' || stream_id FROM vod_m3umovierelation") == [
                    "1 1", "1 2",
                ])
            #expect(try await catalog.library.offer(1, of: .movie)?.detailedAt != nil)
            #expect(try await catalog.library.store(facts, ofOffer: 99) == false)
            // The list keeps the details.
            try await refresh(catalog, one, [film("1", "A") { $0.raw["changed"] = true }, film("2", "A")])
            #expect(
                try await catalog.count(
                    "SELECT count(*) FROM vod_m3umovierelation WHERE json_extract(custom_properties, '$.detailed_info.plot') = 'About'"
                ) == 1)
            #expect(try await catalog.findings().isEmpty)
        }
    }

    @Test func `an account deleted meanwhile stops the swap`() async throws {
        try await withCatalog { catalog in
            let one = try await account(catalog)
            let refresh = try await catalog.beginLibraryRefresh(account: one)
            try await refresh.stage([film("1", "A")], of: .movie)
            try await catalog.m3uAccounts.delete(one)
            await #expect(throws: CatalogError.self) { try await refresh.commit(categories: Self.categories) }
            #expect(try await catalog.count("SELECT count(*) FROM vod_movie") == 0)
            #expect(try await catalog.count("SELECT count(*) FROM vod_vodcategory") == 0)
        }
    }
}
