import FoundationEssentials

/// Finds the guide channel that belongs to a channel, by id where there is one, else by name.
///
/// In this order, and the first that decides is the answer:
///
/// 1. the channel's `tvg_id` is a guide channel's id, in any case of letters;
/// 2. its Gracenote station is;
/// 3. the names are the same once ``ChannelName`` has taken off country, quality and spelling, or, when no such name
///    is there, also words such as `Channel` and `TV`;
/// 4. the most similar name, when it is similar enough and clearly ahead of the next.
///
/// Similarity is half of shared words, half of shared pairs of letters in the name without spaces (so that
/// `SkySportsNews` is near `Sky Sports News`). Words weigh by how rare they are among all guide channels: that two
/// names share `sport` says little, that they share `eurosport` much. Numbers must agree, as must `+1`: `ITV 2` is no
/// misspelt `ITV 3`. A country that contradicts costs more than one that is missing. Candidates are found by an index
/// over letter triples, so a channel is compared with some forty guide channels and not with all.
///
/// Everything is counted, nothing learned: the same lists give the same answer everywhere, and the score can be
/// explained. `GuideMatcherTests` measures it on a labelled list of names as providers write them.
struct GuideMatcher: Sendable {
    /// A guide channel that a channel may be matched with.
    struct Entry: Sendable {
        let id: Int
        let tvgID: String
        let name: String
        /// Of its source; more is better.
        var priority = 0
    }

    /// A channel that wants one.
    struct Wanted: Sendable {
        var name: String
        var tvgID: String?
        var stationID: String?
    }

    /// The answer, and why.
    struct Match: Sendable, Equatable {
        enum Reason: String, Sendable { case tvgID, stationID, sameName, similarName }

        let guideID: Int
        let reason: Reason
        /// 0 to 1.
        let score: Double
    }

    /// From this score on a similar name is the same channel.
    ///
    /// From 0.70 to 0.90 the answers for the labelled list differ by three names; this is on the careful side.
    static let threshold = 0.82
    /// How far the best must be ahead of the next that is named otherwise.
    static let margin = 0.02

    let ignored: ChannelName.Ignored
    let preferredRegion: String?
    let guides: [Guide]
    private let byID: [String: [Int]]
    private let bySquashed: [String: [Int]]
    private let byCore: [String: [Int]]
    private let byTriple: [String: [Int32]]
    private let weights: [String: Double]
    private let rarest: Double

    /// A guide channel with its name taken apart.
    struct Guide: Sendable {
        let entry: Entry
        let name: ChannelName
        let region: String?
        let pairs: [UInt64]
    }

    init(_ entries: [Entry], ignoring ignored: ChannelName.Ignored = .init(), preferredRegion: String? = nil) {
        self.ignored = ignored
        self.preferredRegion = preferredRegion
        guides = entries.map { entry in
            let name = ChannelName(entry.name, ignoring: ignored)
            return Guide(
                entry: entry, name: name, region: name.region ?? Self.region(ofID: entry.tvgID),
                pairs: Self.pairs(name.squashed))
        }
        var byID: [String: [Int]] = [:]
        var bySquashed: [String: [Int]] = [:]
        var byCore: [String: [Int]] = [:]
        var byTriple: [String: [Int32]] = [:]
        var documents: [String: Int] = [:]
        for (index, guide) in guides.enumerated() {
            if !guide.entry.tvgID.isEmpty { byID[guide.entry.tvgID.lowercased(), default: []].append(index) }
            if !guide.name.squashed.isEmpty { bySquashed[guide.name.squashed, default: []].append(index) }
            if !guide.name.core.isEmpty { byCore[guide.name.core, default: []].append(index) }
            for triple in Set(Self.triples(guide.name.squashed)) { byTriple[triple, default: []].append(Int32(index)) }
            for word in Set(guide.name.words) { documents[word, default: 0] += 1 }
        }
        self.byID = byID
        self.bySquashed = bySquashed
        self.byCore = byCore
        self.byTriple = byTriple
        let count = Double(max(guides.count, 1))
        weights = documents.mapValues { Self.weight(count, among: Double($0)) }
        rarest = Self.weight(count, among: 0.5)
    }

    /// The guide channel that belongs to the channel; nil when none does for sure.
    func match(_ wanted: Wanted) -> Match? {
        let name = ChannelName(wanted.name, ignoring: ignored)
        if let id = wanted.tvgID, let found = best(byID[id.lowercased()] ?? [], name) {
            return Match(guideID: guides[found].entry.id, reason: .tvgID, score: 1)
        }
        if let id = wanted.stationID, let found = best(byID[id.lowercased()] ?? [], name) {
            return Match(guideID: guides[found].entry.id, reason: .stationID, score: 1)
        }
        guard !name.squashed.isEmpty else { return nil }
        let region = name.region ?? wanted.tvgID.flatMap(Self.region)
        for namesakes in [bySquashed[name.squashed], byCore[name.core]] {
            let same = (namesakes ?? []).filter {
                guides[$0].name.shift == name.shift && !contradicts(guides[$0].region, region)
            }
            if let found = best(same, name) {
                return Match(guideID: guides[found].entry.id, reason: .sameName, score: 1)
            }
        }
        return similar(to: name, region: region)
    }

    // MARK: - Similar names

    private func similar(to name: ChannelName, region: String?) -> Match? {
        let pairs = Self.pairs(name.squashed)
        var first: (index: Int, score: Double)?
        var second = 0.0
        for index in candidates(name) {
            let score = score(name, pairs, region, guides[index])
            guard let leader = first else {
                first = (index, score)
                continue
            }
            let isNamesake = guides[index].name.squashed == guides[leader.index].name.squashed
            if score > leader.score || (isNamesake && score == leader.score && prefers(index, leader.index, name)) {
                if !isNamesake { second = leader.score }
                first = (index, score)
            } else if !isNamesake {
                second = max(second, score)
            }
        }
        guard let first else { return nil }
        // A letter more or less is another channel when there are few.
        let isShort = min(name.squashed.count, guides[first.index].name.squashed.count) < 6
        guard first.score >= (isShort ? 0.92 : Self.threshold), first.score - second >= Self.margin else { return nil }
        return Match(guideID: guides[first.index].entry.id, reason: .similarName, score: min(first.score, 1))
    }

    /// The forty guide channels that share most letter triples, relative to their length.
    private func candidates(_ name: ChannelName) -> [Int] {
        var shared: [Int32: Int] = [:]
        for triple in Set(Self.triples(name.squashed)) {
            for index in byTriple[triple] ?? [] { shared[index, default: 0] += 1 }
        }
        let ranked = shared.map { index, count in
            (
                index: Int(index),
                rank: Double(count) / Double(name.squashed.count + guides[Int(index)].name.squashed.count)
            )
        }
        return ranked.sorted { ($0.rank, $1.index) > ($1.rank, $0.index) }.prefix(40).map(\.index)
    }

    private func score(_ name: ChannelName, _ pairs: [UInt64], _ region: String?, _ guide: Guide) -> Double {
        var score = 0.5 * sharedWords(name.words, guide.name.words) + 0.5 * Self.dice(pairs, guide.pairs)
        if name.shift != guide.name.shift { score *= 0.5 }
        score *= Self.agreement(name.numbers, guide.name.numbers)
        if contradicts(region, guide.region) {
            score -= 0.2
        } else if region != nil, region == guide.region {
            score += 0.03
        }
        return score
    }

    /// Other numbers are other channels; a missing 1 is the least of them.
    private static func agreement(_ one: [String], _ other: [String]) -> Double {
        if one == other { return 1 }
        if one.isEmpty || other.isEmpty { return one + other == ["1"] ? 0.9 : 0.7 }
        return 0.5
    }

    private func sharedWords(_ one: [String], _ other: [String]) -> Double {
        var left = other
        var shared = 0.0
        var total = other.reduce(0) { $0 + weight($1) }
        for word in one {
            total += weight(word)
            guard let (index, likeness) = Self.likest(word, left) else { continue }
            shared += (weight(word) + weight(left[index])) * likeness
            left.remove(at: index)
        }
        return total > 0 ? shared / total : 0
    }

    private func weight(_ word: String) -> Double { weights[word] ?? rarest }

    private static func likest(_ word: String, _ others: [String]) -> (Int, Double)? {
        if let exact = others.firstIndex(of: word) { return (exact, 1) }
        guard word.utf8.count >= 4 else { return nil }
        let pairs = pairs(word)
        let found = others.indices.filter { others[$0].utf8.count >= 4 }
            .map { ($0, dice(pairs, self.pairs(others[$0]))) }.max { $0.1 < $1.1 }
        guard let found, found.1 >= 0.6 else { return nil }
        return found
    }

    // MARK: - Among several

    private func best(_ indices: [Int], _ name: ChannelName) -> Int? {
        indices.reduce(nil as Int?) { best, index in
            best.map { prefers(index, $0, name) ? index : $0 } ?? index
        }
    }

    /// Whether one of two guide channels of the same name is the better choice: the name's country, then the preferred
    /// one, then the source's priority, then age.
    private func prefers(_ one: Int, _ other: Int, _ name: ChannelName) -> Bool {
        func rank(_ index: Int) -> (Int, Int, Int, Int) {
            let guide = guides[index]
            let isHome = name.region != nil && guide.region == name.region
            let isPreferred = preferredRegion != nil && guide.region == preferredRegion
            return (isHome ? 1 : 0, isPreferred ? 1 : 0, guide.entry.priority, -guide.entry.id)
        }
        return rank(one) > rank(other)
    }

    private func contradicts(_ one: String?, _ other: String?) -> Bool {
        guard let one, let other else { return false }
        return one != other
    }

    // MARK: - Letters

    /// `bbc1.uk` and `BBCOne.uk@SD` are of the United Kingdom.
    private static func region(ofID id: String) -> String? {
        let bare = id.lowercased().split(separator: "@", maxSplits: 1).first ?? ""
        guard let dot = bare.lastIndex(of: ".") else { return nil }
        return ChannelName.regions[String(bare[bare.index(after: dot)...])]
    }

    private static func weight(_ count: Double, among documents: Double) -> Double {
        var ratio = 1 + count / documents
        // The logarithm's base does not matter; this one needs no library.
        var weight = 0.0
        while ratio > 1.2 {
            ratio /= 1.2
            weight += 1
        }
        return weight + 1
    }

    /// Neighbouring letters, sorted, each pair in one number.
    static func pairs(_ text: String) -> [UInt64] {
        let units = Array(text.unicodeScalars)
        guard units.count > 1 else { return units.map { UInt64($0.value) } }
        return zip(units, units.dropFirst()).map { UInt64($0.value) << 32 | UInt64($1.value) }.sorted()
    }

    /// Twice what two sorted lists share, by what they hold together: 1 for equal ones.
    static func dice(_ one: [UInt64], _ other: [UInt64]) -> Double {
        guard !one.isEmpty, !other.isEmpty else { return 0 }
        var (i, j, shared) = (0, 0, 0)
        while i < one.count, j < other.count {
            if one[i] == other[j] {
                shared += 1
                i += 1
                j += 1
            } else if one[i] < other[j] {
                i += 1
            } else {
                j += 1
            }
        }
        return 2 * Double(shared) / Double(one.count + other.count)
    }

    /// Runs of three letters, with the ends marked so that short names have some too.
    private static func triples(_ text: String) -> [String] {
        let letters = Array("^" + text + "$")
        guard letters.count > 3 else { return [String(letters)] }
        return (0...(letters.count - 3)).map { String(letters[$0..<($0 + 3)]) }
    }
}
