import ArgumentParser
import Catalog

/// The sources in the database, for commands.
enum SourceKind: String, CaseIterable, ExpressibleByArgument {
    case m3u, epg

    /// The task that refreshes one.
    var task: String {
        switch self {
        case .m3u: "apps.m3u.tasks.refresh_single_m3u_account"
        case .epg: "apps.epg.tasks.refresh_epg_data"
        }
    }

    /// What one is called in messages.
    var noun: String {
        switch self {
        case .m3u: "M3U account"
        case .epg: "EPG source"
        }
    }
}

/// One source as commands see it.
struct SourceRow {
    let id: Int
    let name: String
    let status: String
    let message: String?
    /// Why a refresh of it would do nothing; nil when it would.
    let obstacle: String?
}

/// Finds sources by what people type.
struct SourceBook {
    let kind: SourceKind
    let catalog: CatalogDatabase

    /// Every source of the kind.
    func all() async throws -> [SourceRow] {
        switch kind {
        case .m3u:
            try await catalog.m3uAccounts.all().map { account in
                let obstacle =
                    account.isLocked
                    ? "belongs to the product and has no file" : account.draft.isActive ? nil : "is switched off"
                return SourceRow(
                    id: account.id, name: account.draft.name, status: account.status.rawValue,
                    message: account.lastMessage, obstacle: obstacle)
            }
        case .epg:
            try await catalog.epgSources.all().map { source in
                let obstacle =
                    source.draft.kind == .dummy
                    ? "is made up from channel names and has no file"
                    : source.draft.isActive ? nil : "is switched off"
                return SourceRow(
                    id: source.id, name: source.draft.name, status: source.status.rawValue,
                    message: source.lastMessage, obstacle: obstacle)
            }
        }
    }

    /// The sources that a word means: `all`, an id, or a name.
    ///
    /// - Throws: `ValidationError` with what there is, when nothing fits.
    func sources(_ word: String) async throws -> [SourceRow] {
        let all = try await all()
        if word == "all" {
            let usable = all.filter { $0.obstacle == nil }
            guard usable.isEmpty else { return usable }
            throw ValidationError("There is no active \(kind.noun).")
        }
        let lower = word.lowercased()
        guard
            let found = all.first(where: { String($0.id) == word }) ?? all.first(where: { $0.name == word })
                ?? all.first(where: { $0.name.lowercased() == lower })
        else {
            let known = all.filter { $0.obstacle == nil }.map { "\($0.id) \"\($0.name)\"" }.joined(separator: ", ")
            throw ValidationError(
                "There is no \(kind.noun) with the id or name \"\(word)\". "
                    + (known.isEmpty ? "There is none at all." : "Known: \(known)."))
        }
        if let obstacle = found.obstacle {
            throw ValidationError("The \(kind.noun) \(found.id) \"\(found.name)\" \(obstacle).")
        }
        return [found]
    }

    /// The source as it is now.
    func reread(_ id: Int) async throws -> SourceRow? { try await all().first { $0.id == id } }

    /// Makes the next refresh read the file even when it has not changed.
    func forgetFile(of id: Int) async throws {
        switch kind {
        case .m3u: try await catalog.m3uAccounts.forgetFile(of: id)
        case .epg: try await catalog.epgSources.forgetFile(of: id)
        }
    }
}
