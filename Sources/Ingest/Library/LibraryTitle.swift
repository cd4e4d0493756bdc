public import CeleryProtocol

/// A film or a series as a provider lists it.
public struct LibraryTitle: Sendable, Equatable {
    /// The provider's number for it, as text.
    public var id: String
    /// The provider's number of its category; nil when it has none.
    public var category: String?
    /// For people; at most 255 characters.
    public var name: String
    /// Of its first showing.
    public var year: Int?
    /// Its number at The Movie Database.
    public var tmdbID: String?
    /// Its number at IMDb, `tt` and digits as a rule.
    public var imdbID: String?
    /// What it is about.
    public var description: String?
    /// A number as text, `7.5`.
    public var rating: String?
    /// One or several, separated as the provider likes it; at most 255 characters.
    public var genre: String?
    /// Of a film.
    public var durationSeconds: Int?
    /// Of a film; nil when the provider does not say.
    public var isAdult: Bool?
    /// Its picture's address, at most 500 characters; longer ones are pictures themselves.
    public var logo: String?
    /// Of a film's file; `mp4` unless the provider says otherwise.
    public var containerExtension: String?
    /// Everything that has no column, under Dispatcharr's names.
    public var customProperties = JSONObject()
    /// What the provider wrote.
    public var raw: JSONObject

    init(id: String, name: String, raw: JSONObject) {
        self.id = id
        self.name = name
        self.raw = raw
    }
}

/// Films or series.
public enum LibraryKind: String, Sendable, CaseIterable {
    case movie, series
}

/// A category of films or of series.
public struct LibraryCategory: Sendable, Equatable {
    /// The provider's number for it, as text.
    public let id: String
    /// For people.
    public let name: String
}

extension LibraryTitle {
    /// A film of `get_vod_streams`; nil without a number.
    init?(movie object: JSONObject) {
        guard let id = object.text("stream_id") else { return nil }
        self.init(id: id, name: (object.text("name") ?? "Unknown").cut(to: 255), raw: object)
        category = object.text("category_id", "category_ids")
        year = object.year(titled: name)
        tmdbID = object.identifier("tmdb_id", "tmdb")
        imdbID = object.identifier("imdb_id", "imdb")
        description = object.text("description", "plot")
        rating = object.rating("rating", "vote_average")
        genre = object.text("genre", "category_name")?.cut(to: 255)
        durationSeconds = object.duration
        isAdult = object["is_adult"].map { XtreamStream.number($0) == 1 }
        logo = object.text("stream_icon").flatMap { $0.cut(to: 500) == $0 ? $0 : nil }
        containerExtension = (object.text("container_extension") ?? "mp4").cut(to: 10)
        customProperties.set("youtube_trailer", object.text("trailer", "youtube_trailer"))
        customProperties.set("director", object.text("director"))
        customProperties.set("actors", object.names("actors") ?? object.names("cast"))
        customProperties.set("release_date", object.text("release_date", "releasedate"))
    }

    /// What a series has besides its columns.
    private static let seriesProperties = [
        "original_name", "first_air_date", "last_air_date", "episode_run_time", "status", "type", "country", "language",
        "releaseDate", "category_id", "age", "seasons",
    ]

    /// A series of `get_series`; nil without a number.
    init?(series object: JSONObject) {
        guard let id = object.text("series_id") else { return nil }
        self.init(id: id, name: (object.text("name") ?? "Unknown").cut(to: 255), raw: object)
        category = object.text("category_id", "category_ids")
        year =
            object.text("releaseDate").flatMap(Self.leadingYear)
            ?? object.text("release_date").flatMap(Self.leadingYear)
        tmdbID = object.identifier("tmdb", "tmdb_id")
        imdbID = object.identifier("imdb", "imdb_id")
        description = object.text("plot")
        rating = object.rating("rating")
        genre = object.text("genre")?.cut(to: 255)
        logo = object.text("cover").flatMap { $0.cut(to: 500) == $0 ? $0 : nil }
        if let backdrop = object.text("backdrop_path") { customProperties["backdrop_path"] = [.string(backdrop)] }
        for name in ["poster_path", "youtube_trailer", "director"] { customProperties.set(name, object.text(name)) }
        customProperties.set("cast", object.names("cast"))
        for name in Self.seriesProperties {
            guard let value = object[name], !value.isBlank else { continue }
            customProperties[name] = value
        }
    }

    static func leadingYear(_ date: String) -> Int? {
        date.split(separator: "-").first.flatMap { Int(String($0).trimmed) }
    }
}
