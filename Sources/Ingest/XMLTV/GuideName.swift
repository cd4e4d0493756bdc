/// The names of elements and attributes that mean something here; all others are ``other``.
///
/// At most 64, because a set of them is one word: see ``GuideTree``.
enum GuideName: UInt8, CaseIterable {
    case other, tv, channel, programme, displayName, icon, title, subTitle, desc, credits
    case director, actor, writer, adapter, producer, composer, editor, presenter, commentator, guest
    case date, category, keyword, language, origLanguage, length, country, episodeNum, video, audio
    case present, colour, aspect, quality, stereo, subtitles, rating, value, starRating, review
    case image, previouslyShown, premiere, new, live, lastChance
    // Attributes only.
    case id, src, lang, start, stop, system, role, units, type, source, reviewer, size, orient

    /// Alone in a set of names.
    var bit: UInt64 { 1 << UInt64(rawValue) }

    /// As XMLTV spells it.
    var text: String { Self.texts[Int(rawValue)] }

    /// Whether markup inside such an element, like `<b>`, is part of its text.
    var isText: Bool { self == .title || self == .subTitle || self == .desc || self == .displayName }

    /// The name that a text spells.
    init(_ text: String) { self = Self.byText[text] ?? .other }

    /// `episodeNum` is `episode-num`.
    private static let texts = allCases.map { name in
        "\(name)".reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : String($1) }
    }

    private static let byText = Dictionary(
        uniqueKeysWithValues: allCases.filter { $0 != .other }.map { ($0.text, $0) })
}
