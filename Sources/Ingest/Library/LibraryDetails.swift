public import CeleryProtocol

/// What a provider tells about one film when it is asked.
public struct MovieDetails: Sendable, Equatable {
    /// What it is about.
    public var description: String?
    /// A number as text.
    public var rating: String?
    /// One or several.
    public var genre: String?
    /// How long it lasts.
    public var durationSeconds: Int?
    /// Of its release.
    public var year: Int?
    /// Its number at The Movie Database.
    public var tmdbID: String?
    /// Its number at IMDb.
    public var imdbID: String?
    /// `youtube_trailer`, `backdrop_path`, `actors` and `director`, where there are any.
    public var customProperties = JSONObject()
    /// `info` as the server wrote it, without what is empty.
    public var info: JSONObject
    /// `movie_data` as the server wrote it, without what is empty.
    public var movieData: JSONObject

    /// From an answer of `get_vod_info`; nil when it has no `info`.
    init?(_ answer: JSONObject) {
        guard answer["info"] != nil else { return nil }
        let info = answer.member("info") ?? [:]
        description = info.text("plot")
        rating = info.rating("rating")
        genre = info.text("genre")?.cut(to: 255)
        durationSeconds = info["duration_secs"].flatMap(XtreamStream.number).flatMap { $0 > 0 ? $0 : nil }
        year = info.text("releasedate", "release_date").flatMap(LibraryTitle.leadingYear)
        tmdbID = info.identifier("tmdb_id")
        imdbID = info.identifier("imdb_id")
        customProperties.set("youtube_trailer", info.text("trailer", "youtube_trailer"))
        if let backdrop = info.text("backdrop_path") { customProperties["backdrop_path"] = [.string(backdrop)] }
        customProperties.set("actors", info.names("actors") ?? info.names("cast"))
        customProperties.set("director", info.text("director"))
        self.info = info.withoutBlanks
        movieData = (answer.member("movie_data") ?? [:]).withoutBlanks
    }
}

/// What a provider tells about one series when it is asked.
public struct SeriesDetails: Sendable, Equatable {
    /// What it is about.
    public var description: String?
    /// A number as text.
    public var rating: String?
    /// One or several.
    public var genre: String?
    /// Of its first showing.
    public var year: Int?
    /// Every episode's stream, in the server's order.
    ///
    /// Several may be one episode, in other languages say.
    public var episodes: [LibraryEpisode]

    /// From an answer of `get_series_info`.
    ///
    /// Seasons come as an object, `{"1": […]}`, or as a list, as PHP writes an array whose keys count from 0; some servers
    /// list all episodes without seasons.
    init(_ answer: JSONObject) {
        let info = answer.member("info") ?? [:]
        description = info.text("plot")
        rating = info.rating("rating")
        genre = info.text("genre")?.cut(to: 255)
        year = info.year(titled: info.text("name"))
        let seasons: [(String, JSONValue)] =
            switch answer["episodes"] {
            case .object(let object)?: zip(object.keys, object.values).map { ($0, $1) }
            case .array(let list)?: list.enumerated().map { (String($0), $1) }
            default: []
            }
        episodes = seasons.flatMap { season, value in
            // One episode where a season should be: the list has no seasons.
            if let object = value.object { return LibraryEpisode(object, season: nil).map { [$0] } ?? [] }
            return (value.array ?? []).compactMap { $0.object.flatMap { LibraryEpisode($0, season: Int(season)) } }
        }
    }
}

/// One stream of an episode.
public struct LibraryEpisode: Sendable, Equatable {
    /// The provider's number of the stream, as text.
    public var id: String
    /// From 0, which holds specials.
    public var season: Int
    /// Within its season.
    public var number: Int
    /// For people; at most 255 characters.
    public var name: String
    /// What it is about; empty when nobody says.
    public var description: String
    /// The day of its first showing, `2024-03-01`.
    public var airDate: String?
    /// A number as text.
    public var rating: String?
    /// How long it lasts.
    public var durationSeconds: Int?
    /// Its number at The Movie Database.
    public var tmdbID: String?
    /// Its number at IMDb.
    public var imdbID: String?
    /// Of the file; `mp4` unless the server says otherwise.
    public var containerExtension: String
    /// `crew`, `movie_image` and `backdrop_path`, where there are any.
    public var customProperties = JSONObject()
    /// What the server wrote.
    public var raw: JSONObject

    /// Nil for an episode without a number of its stream.
    init?(_ object: JSONObject, season named: Int?) {
        guard let id = object.text("id") else { return nil }
        self.id = id
        season = named ?? object["season"].flatMap(XtreamStream.number) ?? 0
        number = object["episode_num"].flatMap(XtreamStream.number) ?? 0
        name = (object.text("title") ?? "Unknown Episode").cut(to: 255)
        let info = object.member("info") ?? [:]
        description = info.text("plot", "overview") ?? ""
        airDate = info.day("air_date", "releasedate", "release_date")
        rating = info.rating("rating")
        durationSeconds = info["duration_secs"].flatMap(XtreamStream.number).flatMap { $0 > 0 ? $0 : nil }
        tmdbID = info.identifier("tmdb_id")
        imdbID = info.identifier("imdb_id")
        containerExtension = (object.text("container_extension") ?? "mp4").cut(to: 10)
        if let crew = info["crew"], !crew.isBlank { customProperties["crew"] = crew }
        customProperties.set("movie_image", info.text("movie_image"))
        if let backdrop = info.text("backdrop_path") { customProperties["backdrop_path"] = [.string(backdrop)] }
        raw = object
        raw["_season_number"] = .int(season)
    }
}
