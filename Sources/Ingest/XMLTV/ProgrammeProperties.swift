/// The details of a programme as JSON, under the names and in the shapes that plugins find in `custom_properties`.
///
/// Written byte by byte into one buffer: a tree of strings and arrays for each programme cost a sixth of the parsing, and
/// as much again to encode it and to take it apart.
struct ProgrammeProperties {
    private var json = ObjectWriter()

    /// The JSON; nil when the guide says nothing beyond titles and description.
    mutating func encode(_ programme: GuideElement, description: String?) -> [UInt8]? {
        json.begin()
        addLists(programme)
        addEpisodes(programme, description: description)
        addRatings(programme)
        addCredits(programme)
        addPlainTexts(programme)
        addPicturesAndSound(programme)
        addReviewsAndImages(programme)
        addFlags(programme)
        return json.end()
    }

    private mutating func addLists(_ programme: GuideElement) {
        for (key, name) in [("categories", GuideName.category), ("keywords", .keyword)] where programme.has(name) {
            json.list(key) { json in
                for child in programme.children where child.name == name { json.element(child.utf8) }
            }
        }
    }

    // MARK: Episodes

    /// What several `<episode-num>` say together; of one system the last one counts.
    private struct Episodes {
        var season: Int?
        var episode: Int?
        var texts: [(key: String, text: UnsafeBufferPointer<UInt8>)] = []

        mutating func set(_ key: String, _ text: UnsafeBufferPointer<UInt8>) {
            texts.removeAll { $0.key == key }
            texts.append((key, text))
        }

        mutating func addMissing(_ found: SeasonEpisode?) {
            season = season ?? found?.season
            episode = episode ?? found?.episode
        }

        /// "season.episode.part", each from zero, each perhaps "2/13" or empty.
        mutating func addNumbers(_ text: UnsafeBufferPointer<UInt8>) {
            let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
                .map { part in
                    part.split(separator: UInt8(ascii: "/")).first.flatMap {
                        Int(String(decoding: UnsafeBufferPointer(rebasing: $0).trimmed, as: UTF8.self))
                    }
                }
            if let first = parts.first ?? nil, first >= 0 { season = first &+ 1 }
            if parts.count > 1, let second = parts[1], second >= 0 { episode = second &+ 1 }
        }
    }

    private mutating func addEpisodes(_ programme: GuideElement, description: String?) {
        var found = Episodes()
        if programme.has(.episodeNum) {
            for element in programme.children where element.name == .episodeNum { Self.read(element, into: &found) }
        }
        var isFromDescription = false
        if found.season == nil, found.episode == nil, let description, let said = SeasonEpisode(startOf: description) {
            found.addMissing(said)
            isFromDescription = true
        }
        json.add("season", found.season)
        json.add("episode", found.episode)
        for (key, text) in found.texts { json.add(key, text) }
        if isFromDescription { json.add("season_episode_source", "description") }
    }

    private static func read(_ element: GuideElement, into found: inout Episodes) {
        guard let text = element.utf8 else { return }
        switch element[.system] ?? "onscreen" {
        case "xmltv_ns": found.addNumbers(text)
        case "onscreen":
            found.set("onscreen_episode", text)
            found.addMissing(SeasonEpisode(anywhereIn: text))
        case "dd_progid": found.set("dd_progid", text)
        case let system where ["thetvdb.com", "themoviedb.org", "imdb.com"].contains(system):
            found.set(system + "_id", text)
        default: break
        }
    }

    // MARK: Ratings and people

    private mutating func addRatings(_ programme: GuideElement) {
        if let rating = programme.first(.rating), let value = rating.firstText(.value) {
            json.add("rating", value)
            json.add("rating_system", rating[utf8: .system])
        }
        addObjects("star_ratings", programme, .starRating) { element, json in
            guard let value = element.firstText(.value) else { return }
            json.add("value", value)
            json.add("system", element[utf8: .system])
        }
    }

    private static let roles: [GuideName] = [
        .director, .actor, .writer, .adapter, .producer, .composer, .editor, .presenter, .commentator, .guest,
    ]

    private mutating func addCredits(_ programme: GuideElement) {
        guard let credits = programme.first(.credits) else { return }
        json.object("credits") { json in
            for role in Self.roles where credits.has(role) {
                json.list(role.text) { json in
                    for person in credits.children where person.name == role { Self.add(person, to: &json) }
                }
            }
        }
    }

    private static func add(_ person: GuideElement, to json: inout ObjectWriter) {
        guard let name = person.utf8 else { return }
        guard person.name == .actor else { return json.element(name) }
        json.element { json in
            json.add("name", name)
            json.add("role", person[utf8: .role])
            json.add("guest", person[.guest] == "yes")
        }
    }

    // MARK: Texts, pictures, flags

    private mutating func addPlainTexts(_ programme: GuideElement) {
        json.add("date", programme.firstText(.date))
        json.add("country", programme.firstText(.country))
        json.add("language", programme.firstText(.language))
        json.add("original_language", programme.firstText(.origLanguage))
        if let length = programme.first(.length), let text = length.utf8 {
            json.object("length") { json in
                json.add("units", length[utf8: .units])
                let number = Int(String(decoding: text, as: UTF8.self))
                if let number { json.add("value", number) } else { json.add("value", text) }
            }
        }
        json.add("icon", programme.first(.icon)?[utf8: .src])
    }

    private mutating func addPicturesAndSound(_ programme: GuideElement) {
        func addParts(_ key: String, _ name: GuideName, _ parts: [GuideName]) {
            guard let element = programme.first(name) else { return }
            json.object(key) { json in for part in parts { json.add(part.text, element.firstText(part)) } }
        }
        addParts("video", .video, [.present, .colour, .aspect, .quality])
        addParts("audio", .audio, [.present, .stereo])
        addObjects("subtitles", programme, .subtitles) { element, json in
            json.add("type", element[utf8: .type])
            json.add("language", element.firstText(.language))
        }
    }

    private mutating func addReviewsAndImages(_ programme: GuideElement) {
        addObjects("reviews", programme, .review) { element, json in
            guard let text = element.utf8 else { return }
            json.add("type", element[utf8: .type])
            json.add("source", element[utf8: .source])
            json.add("reviewer", element[utf8: .reviewer])
            json.add("content", text)
        }
        addObjects("images", programme, .image) { element, json in
            guard let text = element.utf8 else { return }
            json.add("url", text)
            json.add("type", element[utf8: .type])
            json.add("size", element[utf8: .size])
            json.add("orient", element[utf8: .orient])
            json.add("system", element[utf8: .system])
        }
    }

    private mutating func addFlags(_ programme: GuideElement) {
        if let shown = programme.first(.previouslyShown) {
            json.add("previously_shown", true)
            json.object("previously_shown_details") { json in
                json.add("start", shown[utf8: .start])
                json.add("channel", shown[utf8: .channel])
            }
        }
        if let premiere = programme.first(.premiere) {
            json.add("premiere", true)
            json.add("premiere_text", premiere.utf8)
        }
        json.add("new", programme.has(.new))
        json.add("live", programme.has(.live))
        json.add("last_chance", programme.has(.lastChance))
    }

    /// An object for each child of a name, in order; empty ones are left out.
    private mutating func addObjects(
        _ key: String, _ programme: GuideElement, _ name: GuideName,
        _ members: (GuideElement, inout ObjectWriter) -> Void
    ) {
        guard programme.has(name) else { return }
        json.list(key) { json in
            for child in programme.children where child.name == name { json.element { members(child, &$0) } }
        }
    }
}

extension GuideElement {
    /// The first non-empty text of a name.
    fileprivate func firstText(_ name: GuideName) -> UnsafeBufferPointer<UInt8>? {
        guard has(name) else { return nil }
        for child in children where child.name == name { if let text = child.utf8 { return text } }
        return nil
    }
}

/// A season and an episode written as `S02E05`, `s2 e5`, `S02 Ep05`.
struct SeasonEpisode: Equatable {
    let season: Int
    let episode: Int

    init?(anywhereIn bytes: UnsafeBufferPointer<UInt8>) {
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
        let found = Array(text.utf8.prefix(24)).withUnsafeBufferPointer { SeasonEpisode($0[...]) }
        guard let found else { return nil }
        self = found
    }

    private init?(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
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
