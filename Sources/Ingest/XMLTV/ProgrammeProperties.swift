import CeleryProtocol

/// The details of a programme under the names and in the shapes that plugins find in `custom_properties`.
struct ProgrammeProperties {
    private var properties = JSONObject()

    /// Nil when the guide says nothing beyond titles and description.
    var object: JSONObject? { properties.isEmpty ? nil : properties }

    init(_ programme: GuideElement, description: String?) {
        addLists(programme)
        if programme.has(.episodeNum) {
            for element in programme.children where element.name == .episodeNum { addEpisode(element) }
        }
        addEpisode(fromDescription: description)
        addRatings(programme)
        addCredits(programme)
        addPlainTexts(programme)
        addPicturesAndSound(programme)
        addReviewsAndImages(programme)
        addFlags(programme)
    }

    private mutating func add(_ key: String, _ text: String?) {
        if let text { properties[key] = .string(text) }
    }

    private mutating func add(_ key: String, _ values: [JSONValue]) {
        if !values.isEmpty { properties[key] = .array(values) }
    }

    private mutating func add(_ key: String, _ object: JSONObject) {
        if !object.isEmpty { properties[key] = .object(object) }
    }

    private mutating func addLists(_ programme: GuideElement) {
        add("categories", programme.texts(.category).map(JSONValue.string))
        add("keywords", programme.texts(.keyword).map(JSONValue.string))
    }

    private mutating func addEpisode(_ element: GuideElement) {
        guard let text = element.text else { return }
        switch element[.system] ?? "onscreen" {
        case "xmltv_ns":
            // "season.episode.part", each from zero, each perhaps "2/13" or empty.
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { part in
                part.split(separator: "/").first.flatMap { Int(String($0).trimmed) }
            }
            if let season = parts.first ?? nil, season >= 0 { properties["season"] = .int(season &+ 1) }
            if parts.count > 1, let episode = parts[1], episode >= 0 { properties["episode"] = .int(episode &+ 1) }
        case "onscreen":
            properties["onscreen_episode"] = .string(text)
            addMissing(SeasonEpisode(anywhereIn: text))
        case "dd_progid": properties["dd_progid"] = .string(text)
        case let system where ["thetvdb.com", "themoviedb.org", "imdb.com"].contains(system):
            properties[system + "_id"] = .string(text)
        default: break
        }
    }

    private mutating func addEpisode(fromDescription description: String?) {
        guard properties["season"] == nil, properties["episode"] == nil, let description,
            let found = SeasonEpisode(startOf: description)
        else { return }
        addMissing(found)
        properties["season_episode_source"] = "description"
    }

    private mutating func addMissing(_ found: SeasonEpisode?) {
        guard let found else { return }
        if properties["season"] == nil { properties["season"] = .int(found.season) }
        if properties["episode"] == nil { properties["episode"] = .int(found.episode) }
    }

    private mutating func addRatings(_ programme: GuideElement) {
        if let rating = programme.first(.rating), let value = rating.texts(.value).first {
            properties["rating"] = .string(value)
            add("rating_system", rating[.system])
        }
        add(
            "star_ratings",
            programme.objects(.starRating) { element in
                element.texts(.value).first.map { JSONObject(("value", $0), ("system", element[.system])) }
            })
    }

    private static let roles: Set<GuideName> = [
        .director, .actor, .writer, .adapter, .producer, .composer, .editor, .presenter, .commentator, .guest,
    ]

    private mutating func addCredits(_ programme: GuideElement) {
        guard let people = programme.first(.credits)?.children else { return }
        var credits = JSONObject()
        for person in people where Self.roles.contains(person.name) {
            guard let name = person.text else { continue }
            var entry = JSONValue.string(name)
            if person.name == .actor {
                var actor = JSONObject(("name", name), ("role", person[.role]))
                if person[.guest] == "yes" { actor["guest"] = true }
                entry = .object(actor)
            }
            credits[person.name.text] = .array((credits[person.name.text]?.array ?? []) + [entry])
        }
        add("credits", credits)
    }

    private mutating func addPlainTexts(_ programme: GuideElement) {
        add("date", programme.texts(.date).first)
        add("country", programme.texts(.country).first)
        add("language", programme.texts(.language).first)
        add("original_language", programme.texts(.origLanguage).first)
        if let length = programme.first(.length), let text = length.text {
            var object = JSONObject(("units", length[.units]))
            object["value"] = Int(text).map(JSONValue.int) ?? .string(text)
            properties["length"] = .object(object)
        }
        add("icon", programme.first(.icon)?[.src])
    }

    private mutating func addPicturesAndSound(_ programme: GuideElement) {
        func parts(_ name: GuideName, _ keys: [GuideName]) -> JSONObject {
            guard let element = programme.first(name) else { return [:] }
            var object = JSONObject()
            for key in keys { if let text = element.texts(key).first { object[key.text] = .string(text) } }
            return object
        }
        add("video", parts(.video, [.present, .colour, .aspect, .quality]))
        add("audio", parts(.audio, [.present, .stereo]))
        add(
            "subtitles",
            programme.objects(.subtitles) { element in
                JSONObject(("type", element[.type]), ("language", element.texts(.language).first))
            })
    }

    private mutating func addReviewsAndImages(_ programme: GuideElement) {
        add(
            "reviews",
            programme.objects(.review) { element in
                guard let text = element.text else { return nil }
                return JSONObject(
                    ("type", element[.type]), ("source", element[.source]), ("reviewer", element[.reviewer]),
                    ("content", text))
            })
        add(
            "images",
            programme.objects(.image) { element in
                guard let text = element.text else { return nil }
                return JSONObject(
                    ("url", text), ("type", element[.type]), ("size", element[.size]), ("orient", element[.orient]),
                    ("system", element[.system]))
            })
    }

    private mutating func addFlags(_ programme: GuideElement) {
        if let shown = programme.first(.previouslyShown) {
            properties["previously_shown"] = true
            add("previously_shown_details", JSONObject(("start", shown[.start]), ("channel", shown[.channel])))
        }
        if let premiere = programme.first(.premiere) {
            properties["premiere"] = true
            add("premiere_text", premiere.text)
        }
        if programme.first(.new) != nil { properties["new"] = true }
        if programme.first(.live) != nil { properties["live"] = true }
        if programme.first(.lastChance) != nil { properties["last_chance"] = true }
    }
}

extension GuideElement {
    /// What becomes of the children of a name, in order; empty objects are left out.
    fileprivate func objects(_ name: GuideName, _ object: (GuideElement) -> JSONObject?) -> [JSONValue] {
        guard has(name) else { return [] }
        return children.compactMap { child in
            guard child.name == name, let object = object(child), !object.isEmpty else { return nil }
            return .object(object)
        }
    }
}

/// A season and an episode written as `S02E05`, `s2 e5`, `S02 Ep05`.
struct SeasonEpisode: Equatable {
    let season: Int
    let episode: Int

    init?(anywhereIn text: String) {
        let bytes = Array(text.utf8)
        for start in bytes.indices where bytes[start] | 0x20 == UInt8(ascii: "s") {
            // A letter before it makes it the end of a word.
            guard start == 0 || bytes[start - 1] < 0x80 && !Self.isLetter(bytes[start - 1]) else { continue }
            if let found = SeasonEpisode(bytes[start...]) {
                self = found
                return
            }
        }
        return nil
    }

    init?(startOf text: String) {
        // Asked of nearly every description, and hardly one begins like this.
        guard let first = text.utf8.first, first | 0x20 == UInt8(ascii: "s") else { return nil }
        self.init(Array(text.utf8.prefix(24))[...])
    }

    private init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        func letter(_ expected: Character) -> Bool {
            guard let first = rest.first, first | 0x20 == expected.asciiValue else { return false }
            rest.removeFirst()
            return true
        }
        func number() -> Int? {
            let digits = rest.prefix { $0.isDigit }
            rest.removeFirst(digits.count)
            return digits.count <= 4 ? Int(String(decoding: digits, as: UTF8.self)) : nil
        }
        guard letter("s"), let season = number() else { return nil }
        rest = rest.drop { $0 == 0x20 }
        guard letter("e") else { return nil }
        _ = letter("p")
        guard let episode = number() else { return nil }
        self.season = season
        self.episode = episode
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}

extension JSONObject {
    /// The members whose text is there.
    fileprivate init(_ members: (String, String?)...) {
        self.init()
        for (key, text) in members { if let text { self[key] = .string(text) } }
    }
}
