import CeleryProtocol
import Foundation
import GRDB

/// How one group of an account becomes channels: the relation's `custom_properties`, and its range of numbers.
///
/// `channel_numbering_mode` `fixed`, `provider` (else from `channel_numbering_fallback` on) or `next_available`;
/// `compact_numbering`; `name_regex_pattern` with `name_replace_pattern` (`$1`); `name_match_regex` and
/// `name_match_exclude_regex`; `group_override`; `custom_epg_id` (a source) and `force_dummy_epg` (no guide);
/// `channel_profile_ids`; `channel_sort_order` `name`, `tvg_id` or `updated_at`, `channel_sort_reverse`;
/// `stream_profile_id`; `custom_logo_id`.
struct AutoSyncOptions {
    enum Numbering: String { case fixed, provider, nextAvailable = "next_available" }

    let groupID: Int
    let targetGroupID: Int
    let numbering: Numbering
    let isCompact: Bool
    let firstNumber: Double
    let lastNumber: Double?
    let logoID: Int?
    let streamProfileID: Int?
    let profileIDs: Set<Int>?
    private let guideSourceID: Int?
    private let hasNoGuide: Bool
    private let wanted: NSRegularExpression?
    private let unwanted: NSRegularExpression?
    private let renaming: (pattern: NSRegularExpression, template: String)?
    private let sortKey: String
    private let isReversed: Bool

    init(_ relation: Row) {
        let options = relation.object("custom_properties")
        func number(_ key: String) -> Int? { options[key]?.int ?? options[key]?.string.flatMap { Int($0) } }
        func pattern(_ key: String) -> NSRegularExpression? {
            guard let text = options[key]?.string, !text.isEmpty else { return nil }
            // One that cannot be read asks for nothing: the group's channels must not vanish for a typing error.
            return try? NSRegularExpression(pattern: text)
        }
        groupID = relation["channel_group_id"]
        targetGroupID = number("group_override") ?? groupID
        numbering = Numbering(rawValue: options["channel_numbering_mode"]?.string ?? "") ?? .fixed
        isCompact = options["compact_numbering"]?.bool ?? false
        switch numbering {
        case .fixed:
            firstNumber = relation["auto_sync_channel_start"] ?? 1
            lastNumber = relation["auto_sync_channel_end"]
        case .provider:
            firstNumber = options["channel_numbering_fallback"]?.double ?? 1
            lastNumber = nil
        case .nextAvailable:
            firstNumber = 1
            lastNumber = nil
        }
        logoID = number("custom_logo_id")
        streamProfileID = number("stream_profile_id")
        let named = options["channel_profile_ids"]?.array?.compactMap { $0.int ?? $0.string.flatMap { Int($0) } }
        profileIDs = named.flatMap { $0.isEmpty ? nil : Set($0) }
        guideSourceID = number("custom_epg_id")
        hasNoGuide = options["force_dummy_epg"]?.bool ?? false
        wanted = pattern("name_match_regex")
        unwanted = pattern("name_match_exclude_regex")
        renaming = pattern("name_regex_pattern").map { expression in
            let template = options["name_replace_pattern"]?.string ?? ""
            // Python's \1 is the same as $1.
            return (expression, template.replacing(/\\(\d)/) { "$\($0.output.1)" })
        }
        sortKey = options["channel_sort_order"]?.string ?? ""
        isReversed = options["channel_sort_reverse"]?.bool ?? false
    }

    /// Whether the group says which guide its channels show.
    var decidesGuide: Bool { hasNoGuide || guideSourceID != nil }

    func fits(_ number: Double) -> Bool {
        guard numbering == .fixed else { return true }
        return number >= firstNumber && number <= lastNumber ?? .infinity
    }

    func wants(_ name: String) -> Bool {
        if let wanted, !wanted.hits(name) { return false }
        if let unwanted, unwanted.hits(name) { return false }
        return true
    }

    func renamed(_ name: String) -> String {
        guard let renaming else { return name }
        let new = renaming.pattern.stringByReplacingMatches(
            in: name, range: NSRange(name.startIndex..., in: name), withTemplate: renaming.template)
        // A channel needs a name.
        return new.trimmingCharacters(in: .whitespaces).isEmpty ? name : new
    }

    /// By the order that was chosen, else by the provider's.
    func sorted(_ streams: [Row]) -> [Row] {
        var sorted = streams
        switch sortKey {
        case "name":
            sorted.sort {
                ($0["name"] as String).compare($1["name"], options: [.caseInsensitive, .numeric]) == .orderedAscending
            }
        case "tvg_id": sorted.sort { ($0["tvg_id"] as String? ?? "") < ($1["tvg_id"] as String? ?? "") }
        case "updated_at": sorted.sort { ($0["updated_at"] as String) < ($1["updated_at"] as String) }
        default: break
        }
        return isReversed ? sorted.reversed() : sorted
    }

    /// The guide channel for a stream: of the source that the group names, or whichever is preferred.
    func guide(
        _ db: Database, tvgID: String?, name: String, preferred: (String) -> Int?
    ) throws -> Int? {
        guard !hasNoGuide else { return nil }
        guard let guideSourceID else { return tvgID.flatMap(preferred) }
        // A made-up source has one guide channel for all.
        return try Int.fetchOne(
            db,
            sql: """
                SELECT guide."id" FROM "epg_epgdata" AS guide
                JOIN "epg_epgsource" AS source ON source."id" = guide."epg_source_id"
                WHERE source."id" = ?1 AND (source."source_type" = 'dummy' OR guide."tvg_id" = ?2 COLLATE NOCASE)
                ORDER BY guide."id" LIMIT 1
                """,
            arguments: [guideSourceID, tvgID])
    }
}

extension NSRegularExpression {
    fileprivate func hits(_ text: String) -> Bool {
        firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }
}
