import Catalog
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
        return PlaylistAccount(
            id: id, name: account.draft.name,
            source: IngestSource(file: account.draft.filePath, address: account.draft.serverURL),
            isActive: account.draft.isActive, filters: filters,
            identity: StreamIdentity(setting: try await catalog.settings.streamHashKeys()))
    }

    func report(_ status: RefreshStatus, _ message: String, account: Int) async throws {
        try await catalog.m3uAccounts.report(
            account, status: SourceStatus(rawValue: status.rawValue), message: message,
            updatedAt: status == .success ? Date() : nil)
    }

    func beginPlaylist(account: Int) async throws -> any PlaylistStaging {
        Staging(refresh: try await catalog.beginStreamRefresh(account: account))
    }

    private struct Staging: PlaylistStaging {
        let refresh: StreamRefresh

        func stage(_ streams: [PlaylistStream]) async throws {
            try await refresh.stage(
                streams.map { stream in
                    let entry = stream.entry
                    return StagedStream(
                        hash: stream.hash, name: entry.name, url: entry.url, group: entry.group, logoURL: entry.logo,
                        guideID: entry.tvgID, customProperties: entry.customProperties, isAdult: entry.isAdult,
                        channelNumber: entry.channelNumber, isCatchup: entry.isCatchup, catchupDays: entry.catchupDays)
                })
        }

        func commit(groups: [String], scanStart: Date) async throws -> PlaylistCounts {
            try await refresh.stage(groups: groups.map { StagedGroup(name: $0) })
            let counts = try await refresh.commit(at: scanStart)
            return PlaylistCounts(
                created: counts.created, updated: counts.updated, stale: counts.stale, deleted: counts.deleted)
        }

        // Nothing was visible yet, and the staging area goes with its connection in any case.
        func discard() async { try? await refresh.discard() }
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
