public import CeleryProtocol

/// Films or series: which tables they are in.
public enum LibraryKind: String, Sendable, CaseIterable {
    case movie, series

    /// Where they are.
    var table: String { "vod_\(rawValue)" }
    /// Where it says which account offers them.
    var relations: String { "vod_m3u\(rawValue)relation" }
    /// The relation's column that points at them.
    var owner: String { "\(rawValue)_id" }
    /// The relation's column with the provider's number.
    var external: String { self == .movie ? "stream_id" : "external_series_id" }
    /// The account's option that says whether a category that is new to it is wanted.
    var enablingOption: String { self == .movie ? "auto_enable_new_groups_vod" : "auto_enable_new_groups_series" }
    /// Facts of a new relation besides what the provider wrote.
    var flags: String {
        self == .movie ? #"'{"detailed_fetched":false}'"# : #"'{"detailed_fetched":false,"episodes_fetched":false}'"#
    }
}

/// A film or a series on its way into the library.
public struct StagedTitle: Sendable, Equatable {
    /// The provider's number for it.
    public var id: String
    /// The provider's number of its category.
    public var category: String?
    /// At most 255 characters.
    public var name: String
    /// Of its first showing.
    public var year: Int?
    /// Unique among films, and among series.
    public var tmdbID: String?
    /// Unique among films, and among series.
    public var imdbID: String?
    /// What it is about.
    public var description: String?
    /// A number as text.
    public var rating: String?
    /// For people.
    public var genre: String?
    /// Of a film.
    public var durationSeconds: Int?
    /// Of a film; nil leaves what is known.
    public var isAdult: Bool?
    /// Its picture's address.
    public var logo: String?
    /// Of a film's file.
    public var containerExtension: String?
    /// What has no column.
    public var customProperties: JSONObject
    /// What the provider wrote; kept with the relation.
    public var raw: JSONObject

    /// A title with nothing but a name.
    public init(id: String, name: String, customProperties: JSONObject = [:], raw: JSONObject = [:]) {
        self.id = id
        self.name = name
        self.customProperties = customProperties
        self.raw = raw
    }
}

/// A provider's category on its way into the library.
public struct StagedCategory: Sendable, Equatable {
    /// The provider's number for it.
    public var id: String
    /// At most 255 characters; of two with the same name there is one.
    public var name: String

    /// A category.
    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

/// What a library refresh did.
public struct LibraryRefreshCounts: Sendable, Equatable {
    /// Films and series that were new to the library.
    public var created = 0
    /// Films and series of which something changed.
    public var updated = 0
    /// Offers that are as they were.
    public var unchanged = 0
    /// What nobody offers any more.
    public var cleanup = LibraryCleanup()
}

extension StagedTitle {
    /// What the columns get, for the staging table.
    var facts: JSONObject {
        [
            "name": .string(name), "year": JSONValue(year), "tmdb_id": JSONValue(tmdbID),
            "imdb_id": JSONValue(imdbID), "description": JSONValue(description), "rating": JSONValue(rating),
            "genre": JSONValue(genre), "duration_secs": JSONValue(durationSeconds), "is_adult": JSONValue(isAdult),
            "logo": JSONValue(logo), "container_extension": JSONValue(containerExtension),
            "custom_properties": .object(customProperties),
        ]
    }
}
