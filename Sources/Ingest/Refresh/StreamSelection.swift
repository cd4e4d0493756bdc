import NIOCore

/// Turns a provider's bytes into streams, whatever the format.
protocol StreamReader: SendableMetatype {
    /// Takes the next bytes.
    mutating func read(_ buffer: ByteBuffer) throws -> [PlaylistStream]
    /// Says that there are no more.
    mutating func finish() throws -> [PlaylistStream]
    /// Every group that the provider names, in its order.
    var groups: [PlaylistGroup] { get }
    /// What was left out, and why.
    var facts: StreamFacts { get }
}

/// What a reader left out.
struct StreamFacts: Sendable {
    /// Entries that a filter dropped.
    var filtered = 0
    /// Patterns of filters that took too long.
    var suspended: [String] = []
    /// What was wrong with the file.
    var problems = ParseProblems()
}

/// Decides which entries of an account are kept, and what their hashes are.
struct StreamSelection {
    /// The `url` column's width.
    static let urlLength = 4096
    /// Groups are kept in memory until the end.
    static let maximumGroups = 100_000

    private let account: PlaylistAccount
    private var filters: FilterChain
    private var knownGroups: Set<String> = []
    private var filtered = 0
    private var tooLong = 0
    private(set) var groups: [PlaylistGroup] = []
    private var met = RepeatFilter()

    init(_ account: PlaylistAccount, filters: FilterChain) {
        self.account = account
        self.filters = filters
    }

    func facts(adding problems: ParseProblems) -> StreamFacts {
        var all = problems
        for _ in 0..<tooLong { all.note(.tooLong, line: 0, "URL") }
        return StreamFacts(filtered: filtered, suspended: filters.suspended, problems: all)
    }

    /// Remembers a group, once.
    mutating func note(_ group: PlaylistGroup) {
        guard groups.count < Self.maximumGroups, knownGroups.insert(group.name).inserted else { return }
        groups.append(group)
    }

    /// The stream that an entry becomes; nil when it is left out.
    mutating func take(_ entry: PlaylistEntry) -> PlaylistStream? {
        if !knownGroups.contains(entry.group) { note(PlaylistGroup(name: entry.group)) }
        guard filters.keeps(entry) else {
            filtered += 1
            return nil
        }
        guard entry.url.cut(to: Self.urlLength) == entry.url else {
            tooLong += 1
            return nil
        }
        let hash = account.identity.hash(of: entry, account: account.id)
        return PlaylistStream(hash: hash, mayRepeat: met.mayRepeat(hash), entry: entry)
    }
}
