import Catalog
import CeleryProtocol
import Foundation
import Ingest

/// The catalogue as the playlist refresh needs it.
struct CatalogPlaylists: PlaylistStore {
    let catalog: CatalogDatabase

    func playlistAccount(_ id: Int) async throws -> PlaylistAccount? {
        guard let account = try await catalog.m3uAccounts.find(id) else { return nil }
        let filters = try await catalog.m3uAccounts.filters(of: id).compactMap { filter in
            PlaylistAccount.Filter.Target(rawValue: filter.target.rawValue).map {
                PlaylistAccount.Filter(
                    target: $0, pattern: filter.pattern, excludes: filter.excludes,
                    isCaseSensitive: filter.isCaseSensitive)
            }
        }
        let draft = account.draft
        let isXtream = draft.kind == .xtream
        var found = PlaylistAccount(
            id: id, name: draft.name,
            source: isXtream ? nil : IngestSource(file: draft.filePath, address: draft.serverURL),
            isActive: account.draft.isActive,
            userAgent: try await catalog.settings.userAgent(account.draft.userAgentID)?.headerText, filters: filters,
            identity: StreamIdentity(setting: try await catalog.settings.streamHashKeys()))
        if isXtream {
            found.xtream = XtreamFields(
                server: draft.serverURL, username: draft.username, password: draft.password)
        }
        return found
    }

    func report(_ status: RefreshStatus, _ message: String, account: Int) async throws {
        try await catalog.m3uAccounts.report(
            account, status: SourceStatus(rawValue: status.rawValue), message: message,
            updatedAt: status == .success ? Date() : nil)
    }

    func save(_ info: XtreamAccount, account: Int) async throws {
        try await catalog.m3uAccounts.saveInfo(
            of: account, ["user_info": .object(info.user), "server_info": .object(info.server)],
            expires: info.expires)
    }

    func syncChannels(account: Int) async throws -> ChannelSync {
        let report = try await catalog.syncAutoChannels(account: account)
        return ChannelSync(
            created: report.created, updated: report.updated, deleted: report.deleted,
            failures: report.failures.map(\.json), guidesWithoutProgrammes: report.guidesWithoutProgrammes)
    }

    func beginPlaylist(account: Int, fingerprint: String) async throws -> any PlaylistStaging {
        let options = try await catalog.m3uAccounts.find(account)?.draft.customProperties
        return Staging(
            refresh: try await catalog.beginStreamRefresh(account: account, fingerprint: fingerprint),
            newGroupsEnabled: options?["auto_enable_new_groups_live"]?.bool ?? true)
    }

    private struct Staging: PlaylistStaging {
        let refresh: StreamRefresh
        let newGroupsEnabled: Bool

        var known: KnownFile? { refresh.fetched.flatMap(KnownFile.init) }

        func stage(_ streams: [PlaylistStream]) async throws {
            try await refresh.stage(
                streams.map { stream in
                    let entry = stream.entry
                    return StagedStream(
                        hash: stream.hash, mayRepeat: stream.mayRepeat, name: entry.name, url: entry.url,
                        group: entry.group, logoURL: entry.logo, guideID: entry.tvgID,
                        customProperties: stream.properties, isAdult: entry.isAdult,
                        streamID: entry.streamID, channelNumber: entry.channelNumber, isCatchup: entry.isCatchup,
                        catchupDays: entry.catchupDays)
                })
        }

        func commit(groups: [PlaylistGroup], scanStart: Date, file: KnownFile?) async throws -> PlaylistCounts {
            try await refresh.stage(groups: groups.map { StagedGroup(name: $0.name, customProperties: $0.properties) })
            return PlaylistCounts(
                try await refresh.commit(
                    at: scanStart, newGroupsEnabled: newGroupsEnabled, file: file.map(FetchedFile.init)))
        }

        func confirm(scanStart: Date, file: KnownFile) async throws -> PlaylistCounts {
            PlaylistCounts(try await refresh.confirm(at: scanStart, file: FetchedFile(file)))
        }

        // Nothing was visible yet, and the staging area goes with its connection in any case.
        func discard() async { try? await refresh.discard() }
    }
}

extension PlaylistCounts {
    fileprivate init(_ counts: StreamRefreshCounts) {
        self.init(created: counts.created, updated: counts.updated, stale: counts.stale, deleted: counts.deleted)
    }
}

extension String {
    /// Without what could not stand in a header.
    var headerText: String { String(unicodeScalars.filter { $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F }) }
}

extension KnownFile {
    /// As the catalogue keeps it.
    init?(_ file: FetchedFile) {
        let version = FileVersion(
            tag: file.version["tag"]?.string, modified: file.version["modified"]?.string,
            digest: file.version["digest"]?.string)
        guard let version else { return nil }
        self.init(version: version, facts: file.facts)
    }
}

extension FetchedFile {
    /// As the catalogue keeps it.
    init(_ file: KnownFile) {
        self.init(
            version: [
                "tag": file.version.tag.map(JSONValue.string) ?? .null,
                "modified": file.version.modified.map(JSONValue.string) ?? .null,
                "digest": file.version.digest.map(JSONValue.string) ?? .null,
            ], facts: file.facts)
    }
}

extension IngestSource {
    /// A file wins over an address; blanks count as nothing.
    init?(file: String?, address: String?) {
        if let file, !file.isEmpty {
            self = .file(file)
        } else if let address, !address.isEmpty {
            self = .web(address)
        } else {
            return nil
        }
    }
}
