import Foundation

/// Writes playlists and guides as large providers send them: the same bytes for the same numbers.
///
/// A playlist has about 15 % live channels, 65 % films and 20 % episodes, with names in several scripts; a guide has
/// back-to-back programmes with descriptions, categories, credits and episode numbers in natural shares.
struct SampleFeeds {
    private static let first = [
        "Silver", "Hidden", "Broken", "Golden", "Crimson", "Endless", "Northern", "Électrique", "Größte", "Señora",
        "Ночной", "東京", "Étoile", "Grand",
    ]
    private static let second = [
        "River", "Empire", "Horizon", "Witness", "Harbor", "Mirror", "Signal", "Promise", "Élite", "Straße", "Дом",
        "物語", "Ocean", "Detective",
    ]
    private static let genres = ["NEWS", "SPORTS", "MOVIES", "KIDS", "DOCUMENTARY", "MUSIC", "GENERAL", "LOCAL"]
    private static let countries = ["US", "UK", "FR", "DE", "ES", "IT", "PT", "NL", "PL", "TR", "BR", "SE", "GR", "RO"]
    private static let words = [
        "the", "a", "of", "and", "in", "to", "detective", "journey", "city", "night", "family", "secret", "mission",
        "garden", "river", "storm", "return", "island", "winter", "war", "peace", "stranger", "truth", "doctor",
        "captain", "dream", "shadow", "light", "première", "größer", "señor", "мир", "ночь", "東京",
    ]

    /// SplitMix64: small, fast, and the same everywhere.
    private struct Dice {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
        mutating func pick(_ list: [String]) -> String { list[below(list.count)] }
        mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    }

    /// Writes a playlist; of `changed` percent of the entries the URL is another.
    static func writePlaylist(entries: Int, changed: Int = 0, to path: String) throws {
        try write(to: path) { out in
            out("#EXTM3U\n")
            for number in 0..<entries {
                var dice = Dice(state: UInt64(number) &* 7919 &+ 1)
                let token = String(dice.next(), radix: 16)
                let isChanged = changed > 0 && number % 100 < changed
                let address = "http://cdn\(1 + number % 4).example.net:8080"
                let user = "u7f31c0b2/9d8a77e1c4"
                let suffix = isChanged ? "?t=\(token)" : ""
                let kind = dice.below(100)
                if kind < 15 {
                    let country = dice.pick(countries)
                    let genre = dice.pick(genres)
                    let name = "\(country): \(dice.pick(first)) \(genre.capitalized) \(dice.below(99)) HD"
                    out(
                        "#EXTINF:-1 xui-id=\"\(number)\" "
                            + "tvg-id=\"\(genre.lowercased())\(number).\(country.lowercased())\" "
                            + "tvg-name=\"\(name)\" tvg-logo=\"http://logo.example.net/\(token).png\" "
                            + "tvg-chno=\"\(1 + number % 9000)\" group-title=\"\(country) | \(genre)\",\(name)\n")
                    if dice.chance(2) { out("#EXTVLCOPT:http-user-agent=Mozilla/5.0\n") }
                    out("\(address)/live/\(user)/\(number).ts\(suffix)\n")
                } else {
                    let isFilm = kind < 80
                    let title = "\(dice.pick(first)) \(dice.pick(second))"
                    let episode = "S0\(1 + dice.below(9)) E\(10 + dice.below(14))"
                    let name = isFilm ? "\(title) (\(1950 + dice.below(76)))" : "\(title) \(episode)"
                    let country = dice.pick(countries)
                    let group = isFilm ? "VOD | \(dice.pick(genres)) \(country)" : "SERIES | \(country)"
                    out(
                        "#EXTINF:-1 xui-id=\"\(number)\" timeshift=\"0\" tvg-id=\"\" tvg-name=\"\(name)\" "
                            + "tvg-logo=\"https://image.example.org/t/p/w600_and_h900_bestv2/\(token)\(token).jpg\" "
                            + "group-title=\"\(group)\",\(name)\n")
                    out("\(address)/\(isFilm ? "movie" : "series")/\(user)/\(number).mkv\(suffix)\n")
                }
            }
        }
    }

    /// Writes a guide; of `changed` percent of the channels the programmes are others.
    static func writeGuide(channels: Int, programmes: Int, changed: Int = 0, to path: String) throws {
        try write(to: path) { out in
            out("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tv generator-info-name=\"skirret bench\">\n")
            for channel in 0..<channels {
                out(
                    "  <channel id=\"c\(channel).example\">\n    <display-name>Channel \(channel)</display-name>\n"
                        + "    <icon src=\"http://logo.example.net/\(channel).png\" />\n  </channel>\n")
            }
            for channel in 0..<channels {
                let isChanged = changed > 0 && channel % 100 < changed
                var dice = Dice(state: UInt64(channel) &* 104_729 &+ (isChanged ? 2 : 1))
                var start = 1_795_305_600 + dice.below(24) * 300
                for _ in 0..<(programmes / channels) {
                    let stop = start + 300 * (1 + dice.below(16))
                    out(programme(channel, start, stop, &dice))
                    start = stop
                }
            }
            out("</tv>\n")
        }
    }

    private static func programme(_ channel: Int, _ start: Int, _ stop: Int, _ dice: inout Dice) -> String {
        var text =
            "  <programme start=\"\(stamp(start))\" stop=\"\(stamp(stop))\" channel=\"c\(channel).example\">\n"
            + "    <title lang=\"en\">\(sentence(3, &dice))</title>\n"
        if dice.chance(45) { text += "    <sub-title lang=\"en\">\(sentence(4, &dice))</sub-title>\n" }
        if dice.chance(90) { text += "    <desc lang=\"en\">\(sentence(20, &dice)) &amp; more &quot;</desc>\n" }
        if dice.chance(15) {
            text +=
                "    <credits>\n      <director>Zoë Müller</director>\n"
                + "      <actor role=\"Guest\">John O'Neill</actor>\n    </credits>\n"
        }
        if dice.chance(40) { text += "    <date>\(1960 + dice.below(66))</date>\n" }
        text += "    <category lang=\"en\">\(dice.pick(genres))</category>\n"
        if dice.chance(30) { text += "    <icon src=\"https://image.example.org/\(dice.next()).jpg\" />\n" }
        if dice.chance(30) {
            text += "    <episode-num system=\"xmltv_ns\">\(dice.below(12)).\(dice.below(24)).</episode-num>\n"
        }
        if dice.chance(20) { text += "    <rating system=\"VCHIP\">\n      <value>TV-PG</value>\n    </rating>\n" }
        if dice.chance(10) { text += "    <previously-shown />\n" }
        return text + "  </programme>\n"
    }

    private static func sentence(_ count: Int, _ dice: inout Dice) -> String {
        (0..<count).map { _ in dice.pick(words) }.joined(separator: " ")
    }

    /// XMLTV's time, in UTC, without a formatter: a guide has half a million.
    private static func stamp(_ seconds: Int) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
            + "\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec)) +0000"
    }

    private static func write(to path: String, _ body: ((String) -> Void) throws -> Void) throws {
        guard let file = fopen(path, "w") else {
            throw BenchFailure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        try body { fputs($0, file) }
        guard fclose(file) == 0 else { throw BenchFailure("cannot write \(path): is the disk full?") }
    }
}
