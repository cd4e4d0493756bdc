import CeleryProtocol
import Testing

@testable import Ingest

/// What providers write about films and series, odd shapes included, and what is read from it.
@Suite("Library fields") struct LibraryFieldTests {
    @Test func `a film with everything fills every column`() throws {
        let film = try #require(
            LibraryTitle(
                movie: [
                    "stream_id": 7, "name": "Alpha", "year": "1999", "category_id": "3", "tmdb_id": 603,
                    "imdb_id": "tt1",
                    "plot": "A plot", "rating": "8,5", "genre": "Action", "duration": "01:30:10", "is_adult": "1",
                    "stream_icon": "http://i/a.png", "container_extension": "mkv", "trailer": ["", "abc"],
                    "director": " D ", "cast": ["A", "", nil, "B"], "releasedate": "1999-03-31",
                ]))
        #expect(film.id == "7" && film.name == "Alpha" && film.year == 1999 && film.category == "3")
        #expect(film.tmdbID == "603" && film.imdbID == "tt1" && film.description == "A plot" && film.rating == "8.5")
        #expect(film.genre == "Action" && film.durationSeconds == 5410 && film.isAdult == true)
        #expect(film.logo == "http://i/a.png" && film.containerExtension == "mkv")
        #expect(
            film.customProperties == [
                "youtube_trailer": "abc", "director": "D", "actors": "A, B", "release_date": "1999-03-31",
            ])
    }

    @Test func `a film with nothing has a name`() throws {
        let film = try #require(LibraryTitle(movie: ["stream_id": "8", "name": nil, "rating": 0, "tmdb": "0"]))
        #expect(film.name == "Unknown" && film.containerExtension == "mp4" && film.isAdult == nil)
        #expect(film.tmdbID == nil && film.rating == nil && film.category == nil && film.customProperties.isEmpty)
        #expect(LibraryTitle(movie: ["name": "No number"]) == nil && LibraryTitle(series: ["series_id": ""]) == nil)
    }

    @Test(
        arguments: [
            ("Alpha (1984)", 1984), ("Alpha - 1984", 1984), ("Alpha 1984", 1984), ("1984", nil), ("Alpha (1884)", nil),
            ("Blade Runner 2049 (1982)", 1982),
        ] as [(String, Int?)]) func `a year is read from a title`(name: String, year: Int?)
    {
        #expect(LibraryTitle(movie: ["stream_id": 1, "name": .string(name)])?.year == year)
    }

    @Test(
        arguments: [
            (["duration_secs": "90"], 90), (["duration": 90], 5400), (["duration": "5:30"], 330),
            (["duration": "x"], nil),
            (["duration": "1:2:3:4"], nil), (["duration_secs": 0, "duration": ""], nil), (["duration": "-1:30"], nil),
        ] as [(JSONObject, Int?)]) func `durations are read in every spelling`(object: JSONObject, seconds: Int?)
    {
        #expect(object.duration == seconds)
    }

    @Test(
        arguments: [
            ("7.5", "7.5"), (8, "8.0"), ("6,1", "6.1"), ("N/A", nil), ("", nil), ("0", nil), ("nan", nil),
            (6.123456789012, nil), (["7"], "7.0"), (nil, nil), (true, nil),
        ] as [(JSONValue, String?)]) func `ratings are numbers or nothing`(value: JSONValue, rating: String?)
    {
        #expect((["rating": value] as JSONObject).rating("rating") == rating)
    }

    @Test func `a series keeps what has no column`() throws {
        let series = try #require(
            LibraryTitle(
                series: [
                    "series_id": 5, "name": "Beta", "releaseDate": "", "release_date": "2001-02-03",
                    "cover": "http://i/b",
                    "backdrop_path": ["http://b/1", "http://b/2"], "cast": "A, B", "youtube_trailer": "",
                    "status": "Ended",
                    "category_id": 4, "seasons": [], "plot": "P", "tmdb": "9",
                ]))
        #expect(series.year == 2001 && series.logo == "http://i/b" && series.tmdbID == "9" && series.category == "4")
        #expect(
            series.customProperties == [
                "backdrop_path": ["http://b/1"], "cast": "A, B", "status": "Ended", "category_id": 4,
            ])
    }

    @Test(arguments: [
        #"{"1": [{"id":"11","episode_num":1,"title":"A"}], "2": [{"id":12,"episode_num":"3"}]}"#,
        #"[[], [{"id":"11","episode_num":"1","title":"A"}], [{"id":"12","episode_num":3,"info":[]}], null]"#,
        #"[{"id":"11","season":1,"episode_num":1,"title":"A"}, {"id":"12","season":"2","episode_num":3}, {"title":"no id"}]"#,
    ]) func `episodes come by season, as an object, a list, or without seasons`(episodes: String) throws {
        let details = SeriesDetails(["episodes": try JSONValue(parsing: episodes), "info": []])
        #expect(
            details.episodes.map { "\($0.id) S\($0.season)E\($0.number) \($0.name)" } == [
                "11 S1E1 A", "12 S2E3 Unknown Episode",
            ])
        #expect(details.episodes.last?.raw["_season_number"] == 2)
    }

    @Test func `an episode's details fill its columns`() throws {
        let episode = try #require(
            LibraryEpisode(
                [
                    "id": 1, "title": "T", "container_extension": "mkv",
                    "info": [
                        "overview": "O", "rating": 7, "air_date": "2020-02-30", "release_date": "2020-03-01",
                        "duration_secs": "1800", "tmdb_id": 5, "movie_image": ["http://m"], "crew": "C",
                        "backdrop_path": [],
                    ],
                ], season: 0))
        #expect(episode.description == "O" && episode.rating == "7.0" && episode.airDate == "2020-03-01")
        #expect(episode.durationSeconds == 1800 && episode.tmdbID == "5" && episode.containerExtension == "mkv")
        #expect(episode.customProperties == ["crew": "C", "movie_image": "http://m"])
    }

    @Test func `a film's details are read, also from a list`() throws {
        let details = try #require(
            MovieDetails([
                "info": [
                    [
                        "plot": "P", "rating": "5", "releasedate": "1999-01-01", "tmdb_id": "1", "duration_secs": 60,
                        "backdrop_path": ["", "http://b"], "actors": "A", "director": ["D"], "youtube_trailer": "",
                        "x": nil,
                    ]
                ],
                "movie_data": ["stream_id": 3, "empty": []],
            ]))
        #expect(
            details.description == "P" && details.year == 1999 && details.tmdbID == "1" && details.durationSeconds == 60
        )
        #expect(
            details.customProperties == ["backdrop_path": ["http://b"], "actors": "A", "director": "D"])
        #expect(details.movieData == ["stream_id": 3] && details.info["x"] == nil)
        #expect(MovieDetails([:]) == nil)
        #expect(MovieDetails(["info": []])?.info == [:])
    }
}
