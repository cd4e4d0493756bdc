import Foundation

/// A channel's name, taken apart into what tells channels apart and what does not.
///
///     "UK| BBC ONE ᶠᴴᴰ +1"   words ["bbc", "1"]   region "uk"   shift 1
///
/// Names of playlists carry a country in front, the picture's quality behind, numbers as digits or as words, and
/// capitals, accents and spaces as the author liked.
struct ChannelName: Sendable, Equatable {
    /// What is left, in order: lower case, without accents, numbers as digits, letters and digits apart.
    let words: [String]
    /// The words without anything between them.
    let squashed: String
    /// The same without words that half of all channels have, such as "channel"; what it is known by.
    let core: String
    /// A country's two letters, when the name says one.
    let region: String?
    /// Hours by which the channel runs late.
    let shift: Int

    /// The words that are numbers, in order.
    var numbers: [String] { words.filter { $0.allSatisfy(\.isNumber) } }

    /// What a person configured to be left out of names before they are compared.
    struct Ignored: Sendable {
        var prefixes: [String] = []
        var suffixes: [String] = []
        var anywhere: [String] = []
    }

    init(_ text: String, ignoring ignored: Ignored = Ignored()) {
        var rest = Self.plain(ignored.removed(from: text))
        var region = Self.takeRegion(&rest)
        Self.dropListNumber(&rest)
        let shift = Self.takeShift(&rest)
        var words = Self.split(rest).filter { !Self.qualities.contains($0) }
        words = words.enumerated().compactMap { index, word in
            let isFullHD = (word == "full" || word == "ultra") && index == words.count - 1 && index > 0
            return isFullHD ? nil : Self.spellings[word] ?? Self.numerals[word] ?? Self.oneVowel(word)
        }
        if region == nil, words.count > 1, let last = words.last, let code = Self.regions[last] {
            region = code
            words.removeLast()
        }
        self.words = words
        squashed = words.joined().replacing("sports", with: "sport")
        let telling = words.filter { !Self.generic.contains($0) }
        let isTelling = telling.contains { $0.count > 1 && !$0.allSatisfy(\.isNumber) }
        core = isTelling ? telling.joined().replacing("sports", with: "sport") : squashed
        self.region = region
        self.shift = shift
    }

    // MARK: - Steps

    /// Lower case, without accents, ligatures and the small capitals that providers decorate with.
    private static func plain(_ text: String) -> String {
        let folded = text.precomposedStringWithCompatibilityMapping
            .folding(options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: nil).lowercased()
        var plain = ""
        for character in folded {
            switch character {
            case "ß": plain += "ss"
            case "ø": plain += "o"
            case "æ": plain += "ae"
            case "ł": plain += "l"
            case "ı": plain += "i"
            case "'", "’", "`", "´": continue
            case "&": plain += " and "
            case "[", "{", "(", "]", "}", ")": plain += String(character)
            default: plain.append(character)
            }
        }
        return plain
    }

    /// Takes a country off: `uk|`, `uk:`, `uk -`, `[uk]`, `|uk|` in front, `(uk)` behind.
    private static func takeRegion(_ text: inout String) -> String? {
        let separators: Set<Character> = [
            "|", ":", "-", "–", "▎", "┃", "│", "•", "★", "]", ")", "}", "/", "»", ">", ".",
        ]
        let opened = text.drop { !$0.isLetter && !$0.isNumber }
        let word = opened.prefix { $0.isLetter }
        let behind = opened.dropFirst(word.count).drop { $0 == " " }
        if let code = regions[String(word)], let next = behind.first, separators.contains(next) {
            text = String(behind.drop { separators.contains($0) || $0 == " " })
            return code
        }
        guard let open = text.lastIndex(where: { "([{".contains($0) }), open > text.startIndex else { return nil }
        let inside = text[text.index(after: open)...].prefix { $0.isLetter }
        guard let code = regions[String(inside)] else { return nil }
        let close = text[open...].firstIndex { ")]}".contains($0) } ?? text.index(before: text.endIndex)
        text.replaceSubrange(open...close, with: " ")
        return code
    }

    /// Drops the place in a list: `101. name`, `101) name`, `101 | name`.
    private static func dropListNumber(_ text: inout String) {
        let digits = text.prefix { $0.isNumber }
        guard (1...4).contains(digits.count) else { return }
        let rest = text.dropFirst(digits.count).drop { $0 == " " }
        guard let mark = rest.first, ".:)|".contains(mark) else { return }
        let name = rest.dropFirst()
        if name.first == " " { text = String(name) }
    }

    /// Takes `+1` or `plus 1` off.
    private static func takeShift(_ text: inout String) -> Int {
        for mark in ["+", "plus "] {
            guard let plus = text.range(of: mark, options: .backwards) else { continue }
            let rest = text[plus.upperBound...].drop { $0 == " " && mark == "+" }
            let digits = rest.prefix { $0.isNumber }
            guard let hours = Int(digits), (1...24).contains(hours) else { continue }
            let behind = rest.dropFirst(digits.count)
            if let next = behind.first, next.isLetter, !behind.hasPrefix("h") { continue }
            let unit = behind.prefix { $0.isLetter }
            let shown = ["h", "hr", "hrs", "hd"].contains(String(unit)) ? behind.dropFirst(unit.count) : behind
            text = text[..<plus.lowerBound] + " " + shown
            return hours
        }
        return 0
    }

    /// `rtlzwei` is `rtl` and `zwei`.
    private static func withoutNumeral(_ word: String) -> [String] {
        for numeral in ["eins", "zwei", "drei"] where word.hasSuffix(numeral) && word.count > numeral.count + 2 {
            return [String(word.dropLast(numeral.count)), numeral]
        }
        return [word]
    }

    /// `oe` may be an `ö` that was an `o` before; all become the one letter.
    private static func oneVowel(_ word: String) -> String {
        word.replacing("oe", with: "o").replacing("ae", with: "a").replacing("ue", with: "u")
    }

    /// Words of letters or digits; a single letter keeps its digits (`f1`, `e4`), as they are one name.
    private static func split(_ text: String) -> [String] {
        text.replacing("+", with: " plus ").split { !$0.isLetter && !$0.isNumber }.flatMap { piece -> [String] in
            let word = String(piece)
            if qualities.contains(word) || word.count == 2 { return [word] }
            var parts: [String] = []
            for character in word {
                if let last = parts.last?.last, last.isNumber == character.isNumber {
                    parts[parts.count - 1].append(character)
                } else {
                    parts.append(String(character))
                }
            }
            if parts.count == 2, parts[0].count == 1, parts[0].allSatisfy(\.isLetter) { return [word] }
            return parts.flatMap(withoutNumeral)
        }
    }
}

extension ChannelName.Ignored {
    func removed(from text: String) -> String {
        var text = text
        for word in anywhere where !word.isEmpty {
            text = text.replacingOccurrences(of: word, with: " ", options: .caseInsensitive)
        }
        for word in prefixes where !word.isEmpty {
            guard let range = text.range(of: word, options: [.caseInsensitive, .anchored]) else { continue }
            text.removeSubrange(range)
        }
        for word in suffixes where !word.isEmpty {
            guard let range = text.range(of: word, options: [.caseInsensitive, .anchored, .backwards]) else { continue }
            text.removeSubrange(range)
        }
        return text
    }
}

extension ChannelName {
    /// What says how a channel looks, not which it is.
    static let qualities: Set<String> = [
        "hd", "fhd", "uhd", "qhd", "shd", "sd", "4k", "8k", "hdr", "hdr10", "hevc", "avc", "h264", "h265", "x264",
        "x265",
        "2160p", "1440p", "1080p", "1080i", "1080", "720p", "720i", "720", "576p", "576i", "480p", "480i", "360p",
        "50fps", "60fps", "25fps", "30fps", "fps", "50hz", "raw", "hq", "lq", "mq", "fullhd", "ultrahd", "dolby", "ppv",
        "multi", "multiaudio", "backup", "bkup", "bk", "vip", "3840p", "lowbit",
    ]

    /// Words that say that something is a channel.
    static let generic: Set<String> = [
        "channel", "tv", "television", "network", "the", "fernsehen", "hdtv", "and",
    ]

    /// Words that are often shortened.
    static let spellings: [String: String] = [
        "intl": "international", "int": "international", "jr": "junior", "ent": "entertainment", "nat": "national",
        "geo": "geographic", "doc": "documentary", "prem": "premier", "utd": "united", "sports": "sport",
    ]

    /// Numbers that are written as words.
    static let numerals: [String: String] = [
        "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
        "nine": "9", "ten": "10", "eins": "1", "zwei": "2", "drei": "3", "vier": "4", "uno": "1", "due": "2",
        "tre": "3",
        "quattro": "4", "deux": "2", "trois": "3", "dos": "2", "tres": "3", "ii": "2", "iii": "3", "iv": "4",
    ]

    /// How countries are written, to the two letters that guide ids end in.
    static let regions: [String: String] = {
        var regions = [
            "gb": "uk", "eng": "uk", "usa": "us", "ger": "de", "germany": "de", "deutschland": "de", "fra": "fr",
            "france": "fr", "esp": "es", "spain": "es", "spanien": "es", "ita": "it", "italy": "it", "italia": "it",
            "ned": "nl", "netherlands": "nl", "pol": "pl", "poland": "pl", "por": "pt", "portugal": "pt", "swe": "se",
            "sweden": "se", "nor": "no", "norway": "no", "den": "dk", "denmark": "dk", "fin": "fi", "finland": "fi",
            "aus": "au", "australia": "au", "can": "ca", "canada": "ca", "bel": "be", "belgium": "be", "tur": "tr",
            "turkey": "tr", "gre": "gr", "greece": "gr", "ire": "ie", "ireland": "ie", "sui": "ch", "aut": "at",
            "austria": "at", "bra": "br", "brazil": "br", "brasil": "br", "mex": "mx", "mexico": "mx", "ind": "in",
            "rom": "ro", "romania": "ro",
        ]
        for code in [
            "uk", "us", "de", "fr", "es", "it", "nl", "pl", "pt", "se", "no", "dk", "fi", "au", "ca", "nz", "ie", "ch",
            "at", "be", "tr", "gr", "br", "mx", "ro", "hu", "cz", "sk", "hr", "rs", "bg", "al", "za", "ru", "ua",
        ] { regions[code] = code }
        return regions
    }()
}
