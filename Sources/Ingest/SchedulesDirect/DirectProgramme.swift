public import CeleryProtocol
public import FoundationEssentials

/// One showing of a programme on a station.
public struct DirectAiring: Sendable, Equatable {
    /// Which programme.
    public var programme: String
    /// Changes with the programme's description.
    public var digest: String
    /// When it begins.
    public var start: Date
    /// When it ends.
    public var end: Date
    /// `live`, `new`, `previously_shown` and `premiere`, where they hold.
    public var flags: JSONObject

    /// Nil without a programme, a time or a length.
    init?(_ object: JSONObject) {
        guard let programme = object.text("programID"), programme.utf8.count <= 64,
            let start = object["airDateTime"]?.string.flatMap(Self.date),
            let seconds = object["duration"].flatMap(XtreamStream.number), (1...864_000).contains(seconds)
        else { return nil }
        self.programme = programme
        digest = object.text("md5") ?? ""
        self.start = start
        end = start.addingTimeInterval(Double(seconds))
        flags = [:]
        if object["liveTapeDelay"]?.string == "Live" { flags["live"] = true }
        if object["new"]?.bool == true { flags["new"] = true } else { flags["previously_shown"] = true }
        if object["premiere"]?.bool == true { flags["premiere"] = true }
    }

    /// `2026-11-22T18:30:00Z`.
    static func date(_ text: String) -> Date? {
        let digits = text.filter { $0.isASCII && $0.isNumber }
        guard text.hasSuffix("Z"), digits.count == 14, text.utf8.count == 20 else { return nil }
        return GuideTime.unixSeconds(digits).map { Date(timeIntervalSince1970: Double($0)) }
    }
}

/// What a station shows on one day.
public struct DirectSchedule: Sendable, Equatable {
    /// The station's number, as text.
    public var station: String
    /// The day in UTC, ISO.
    public var date: String
    /// Changes with the schedule.
    public var digest: String
    /// When it last changed.
    public var modified: Date?
    /// In order.
    public var airings: [DirectAiring]

    /// Nil for an element that is none: some say that a station is being worked on.
    init?(_ object: JSONObject) {
        let metadata = object["metadata"]?.object ?? [:]
        guard let station = object.text("stationID"), let date = metadata.day("startDate") else { return nil }
        self.station = station
        self.date = date
        digest = metadata.text("md5") ?? ""
        modified = metadata["modified"]?.string.flatMap(DirectAiring.date)
        airings = (object["programs"]?.array ?? []).compactMap { $0.object.flatMap(DirectAiring.init) }
    }
}

/// What a programme is, whenever it is shown.
public struct DirectProgramme: Sendable, Equatable {
    /// Of 14 characters, as a rule.
    public var id: String
    /// Changes with the description.
    public var digest: String
    /// At most 255 characters.
    public var title: String
    /// The episode's.
    public var subTitle: String?
    /// The longest text there is.
    public var description: String?
    /// Everything else, under the names that Dispatcharr's `custom_properties` use.
    public var customProperties: JSONObject

    /// Nil without a number, and for an element that says why there is no description.
    ///
    /// - Parameters:
    ///   - object: One element of an answer.
    ///   - country: Whose rating is shown.
    init?(_ object: JSONObject, country: String?) {
        guard let id = object.text("programID"), id.utf8.count <= 64, DirectRefusal(.object(object)) == nil else {
            return nil
        }
        self.id = id
        digest = object.text("md5") ?? ""
        let titles = object["titles"]?.array?.compactMap { $0.object?.text("title120") } ?? []
        title = (titles.first ?? object.text("episodeTitle150") ?? "No Title").cut(to: 255)
        subTitle = object.text("episodeTitle150")
        let texts = object["descriptions"]?.object ?? [:]
        description =
            ["description1000", "description255", "description100"].lazy
            .compactMap { texts[$0]?.array?.lazy.compactMap { $0.object?.text("description") }.first }.first
        customProperties = Self.properties(object, country: country)
    }

    private static func properties(_ object: JSONObject, country: String?) -> JSONObject {
        var properties = JSONObject()
        addEpisode(object, &properties)
        addRatings(object, country: country, &properties)
        var categories: [String] = []
        for category in [object.text("entityType"), object.text("showType")] {
            if let category, !categories.contains(category) { categories.append(category) }
        }
        categories += object["genres"]?.array?.compactMap(\.string) ?? []
        if !categories.isEmpty { properties["categories"] = .array(categories.map(JSONValue.string)) }
        let credits = credits(object)
        if !credits.isEmpty { properties["credits"] = .object(credits) }
        let movie = object["movie"]?.object ?? [:]
        properties.set("date", object.text("originalAirDate") ?? movie.text("year"))
        properties.set("country", object.names("country"))
        let length = object["duration"].flatMap(XtreamStream.number) ?? movie["duration"].flatMap(XtreamStream.number)
        if let length, length >= 60 {
            properties["length"] = ["value": .string("\(length / 60)"), "units": "minutes"]
        }
        let stars = movie["qualityRating"]?.array?.compactMap { $0.object.flatMap(starRating) } ?? []
        if !stars.isEmpty { properties["star_ratings"] = .array(stars) }
        if let event = object["eventDetails"]?.object, !event.isEmpty { properties["event_details"] = .object(event) }
        return properties
    }

    private static func addEpisode(_ object: JSONObject, _ properties: inout JSONObject) {
        let blocks = object["metadata"]?.array?.compactMap(\.object) ?? []
        let found = ["Gracenote", "TVmaze"].lazy.compactMap { name in
            blocks.lazy.compactMap { $0[name]?.object }.first
        }.first
        guard let found else { return }
        let (season, episode) = (
            found["season"].flatMap(XtreamStream.number), found["episode"].flatMap(XtreamStream.number)
        )
        if let season, season > 0 { properties["season"] = .int(season) }
        if let episode, episode > 0 { properties["episode"] = .int(episode) }
        if let season, let episode, season > 0, episode > 0 {
            properties["onscreen_episode"] = .string("S\(season) E\(episode)")
        }
    }

    private static func addRatings(_ object: JSONObject, country: String?, _ properties: inout JSONObject) {
        let ratings = object["contentRating"]?.array?.compactMap(\.object) ?? []
        if let first = ratings.first {
            let mine = ratings.first { $0.text("country") == country && country != nil }
            let shown = mine ?? ratings.first { $0.text("country") == "USA" } ?? first
            properties["content_ratings"] = .array(ratings.map(JSONValue.object))
            properties["rating"] = .string(shown.text("code") ?? "")
            properties["rating_system"] = .string(shown.text("body") ?? "")
        }
        if let advisory = object["contentAdvisory"]?.array, !advisory.isEmpty {
            properties["content_advisory"] = .array(advisory)
        }
    }

    private static func starRating(_ rating: JSONObject) -> JSONValue? {
        guard let value = rating.text("rating"), let best = rating.text("maxRating") else { return nil }
        return ["value": .string("\(value)/\(best)"), "system": .string(rating.text("ratingsBody") ?? "")]
    }

    /// Six actors by their billing and three guests, then who made it.
    private static func credits(_ object: JSONObject) -> JSONObject {
        func order(_ person: JSONObject) -> Int { person["billingOrder"].flatMap(XtreamStream.number) ?? 999 }
        let cast = (object["cast"]?.array?.compactMap(\.object) ?? []).filter { $0.text("name") != nil }.enumerated()
            .sorted { (order($0.element), $0.offset) < (order($1.element), $1.offset) }.map(\.element)
        let isGuest = { (person: JSONObject) in person.text("role")?.lowercased() == "guest star" }
        let main = cast.filter { !isGuest($0) }
        func actor(_ person: JSONObject, isGuest: Bool) -> JSONValue {
            var actor = JSONObject()
            actor.set("name", person.text("name"))
            actor.set("role", person.text("characterName"))
            if isGuest { actor["guest"] = true }
            return .object(actor)
        }
        var actors = (main.isEmpty ? cast : main).prefix(6).map { actor($0, isGuest: false) }
        if !main.isEmpty { actors += cast.filter(isGuest).prefix(3).map { actor($0, isGuest: true) } }
        var credits = JSONObject()
        if !actors.isEmpty { credits["actor"] = .array(actors) }
        for member in object["crew"]?.array?.compactMap(\.object) ?? [] {
            guard let name = member.text("name"), let role = member.text("role")?.lowercased(),
                let key = ["director", "writer", "producer"].first(where: role.contains)
            else { continue }
            credits[key] = .array((credits[key]?.array ?? []) + [.string(name)])
        }
        return credits
    }
}
