import Foundation

/// An account's filters: the first whose pattern is found decides; without a hit the entry is kept.
///
/// Patterns are users' text, and some take for ever on some names. A search that takes longer than 50 ms is
/// broken off, and its filter is suspended for the rest of the refresh and reported.
struct FilterChain {
    /// For one search in one text.
    static let deadline = Duration.milliseconds(50)

    private struct Link {
        let filter: PlaylistAccount.Filter
        let expression: NSRegularExpression
        var isSuspended = false
    }

    private var links: [Link]

    /// Patterns of filters that took too long.
    private(set) var suspended: [String] = []

    /// - Throws: `RefreshError` with `.invalidFilter` for a pattern that cannot be read.
    init(_ filters: [PlaylistAccount.Filter]) throws(RefreshError) {
        links = []
        for (index, filter) in filters.enumerated() {
            links.append(Link(filter: filter, expression: try Self.compile(filter, number: index + 1)))
        }
    }

    private static func compile(
        _ filter: PlaylistAccount.Filter, number: Int
    ) throws(RefreshError) -> NSRegularExpression {
        // Python's named groups in ICU's spelling; everything else that filters use is the same in both.
        let pattern = filter.pattern.replacing("(?P<", with: "(?<").replacing(
            #/\(\?P=(\w+)\)/#, with: { "\\k<\($0.output.1)>" })
        do {
            return try NSRegularExpression(pattern: pattern, options: filter.isCaseSensitive ? [] : [.caseInsensitive])
        } catch {
            throw RefreshError(
                code: .invalidFilter,
                message: "Filter \(number): the pattern \"\(filter.pattern.prefix(80))\" is not a regular expression. "
                    + "Correct or delete it.")
        }
    }

    mutating func keeps(_ entry: PlaylistEntry) -> Bool {
        for index in links.indices where !links[index].isSuspended {
            let filter = links[index].filter
            let text =
                switch filter.target {
                case .group: entry.group
                case .name: entry.name
                case .url: entry.url
                }
            switch Self.search(links[index].expression, in: text) {
            case true?: return !filter.excludes
            case false?: continue
            case nil:
                links[index].isSuspended = true
                suspended.append(filter.pattern)
            }
        }
        return true
    }

    /// Whether the pattern is found; nil when it took too long.
    private static func search(_ expression: NSRegularExpression, in text: String) -> Bool? {
        let end = ContinuousClock.now + deadline
        var result: Bool? = false
        let range = NSRange(location: 0, length: text.utf16.count)
        // With reportProgress the block is also called while a long search goes on.
        expression.enumerateMatches(in: text, options: [.reportProgress], range: range) { match, _, stop in
            if match != nil {
                result = true
                stop.pointee = true
            } else if ContinuousClock.now > end {
                result = nil
                stop.pointee = true
            }
        }
        return result
    }
}

extension PlaylistAccount.Filter {
    /// Reads the pattern, as a refresh would.
    ///
    /// - Throws: `RefreshError` with `.invalidFilter` when it is not a regular expression.
    public func validate() throws(RefreshError) { _ = try FilterChain([self]) }
}
