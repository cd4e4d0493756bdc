import Catalog
import CeleryProtocol
import Foundation
import Ingest

/// The catalogue as the guide refresh needs it.
struct CatalogGuides: GuideStore {
    let catalog: CatalogDatabase

    func guideSource(_ id: Int) async throws -> GuideSource? {
        guard let source = try await catalog.epgSources.find(id) else { return nil }
        var found = GuideSource(
            id: id, name: source.draft.name,
            source: IngestSource(file: source.draft.filePath, address: source.draft.url),
            isActive: source.draft.isActive, isXMLTV: source.draft.kind == .xmltv,
            userAgent: try await catalog.settings.userAgent(nil)?.headerText)
        // What the source says wins over the setting for all.
        let settings = try await catalog.settings.values(of: .epg).merging(source.draft.customProperties)
        found.languages = settings["languages"]?.array?.compactMap(\.string) ?? []
        found.keepsAllProgrammes = settings["keep_all_programs"]?.bool ?? false
        found.historyDays = min(max(settings["history_days"]?.int ?? 0, 0), 3650)
        return found
    }

    func report(_ status: RefreshStatus, _ message: String, source: Int) async throws {
        try await catalog.epgSources.report(
            source, status: SourceStatus(rawValue: status.rawValue), message: message,
            updatedAt: status == .success ? Date() : nil)
    }

    func beginGuide(_ source: GuideSource) async throws -> any GuideStaging {
        Staging(
            refresh: try await catalog.beginGuideRefresh(
                source: source.id, fingerprint: source.fingerprint,
                scope: .init(keepsAll: source.keepsAllProgrammes, historyDays: source.historyDays)))
    }

    private struct Staging: GuideStaging {
        let refresh: Catalog.GuideRefresh

        var known: KnownFile? { refresh.fetched.flatMap(KnownFile.init) }

        var mappedChannels: Set<String> { Set(refresh.mapped.keys) }

        func stage(channels: [GuideChannel]) async throws {
            try await refresh.stage(
                channels: channels.map { StagedGuideChannel(id: $0.id, name: $0.name, iconURL: $0.icon) })
        }

        func stage(programmes: [Programme]) async throws {
            _ = try await refresh.stage(
                programmes: programmes.map {
                    StagedProgramme(
                        channelID: $0.channel, start: $0.start, end: $0.stop, title: $0.title, subTitle: $0.subTitle,
                        description: $0.description, customProperties: $0.properties)
                })
        }

        func commit(file: KnownFile?) async throws -> GuideCounts {
            let counts = try await refresh.commit(file: file.map(FetchedFile.init))
            return GuideCounts(
                channels: counts.channelsCreated + counts.channelsUpdated + counts.channelsUnchanged,
                programmes: counts.programmes, mappedMeanwhile: counts.mappedMeanwhile)
        }

        func confirm(file: KnownFile) async throws { try await refresh.confirm(file: FetchedFile(file)) }

        // Nothing was visible yet, and the staging area goes with its connection in any case.
        func discard() async { try? await refresh.discard() }
    }
}
