import Catalog
import CeleryProtocol
import Foundation
import Ingest

/// The catalogue as a refresh from Schedules Direct needs it.
struct CatalogDirect: DirectStore {
    let catalog: CatalogDatabase

    func directSource(_ id: Int) async throws -> DirectSource? {
        guard let source = try await catalog.epgSources.find(id), source.draft.kind == .schedulesDirect else {
            return nil
        }
        let draft = source.draft
        return DirectSource(
            id: id, name: draft.name, address: draft.url, username: draft.username, password: draft.password,
            isActive: draft.isActive, updatedAt: source.updatedAt,
            hasSchedules: try await catalog.epgSources.hasSchedules(id), properties: draft.customProperties)
    }

    func report(_ status: RefreshStatus, _ message: String, source: Int) async throws {
        try await CatalogGuides(catalog: catalog).report(status, message, source: source)
    }

    func note(_ properties: JSONObject, source: Int) async throws {
        try await catalog.epgSources.update(source) { draft in
            for (key, value) in properties { draft.customProperties[key] = value.isNull ? nil : value }
        }
    }

    func write(_ stations: [GuideChannel], source: Int) async throws {
        let refresh = try await catalog.beginGuideRefresh(source: source)
        try await refresh.stage(
            channels: stations.map { StagedGuideChannel(id: $0.id, name: $0.name, iconURL: $0.icon) })
        try await refresh.commitChannels()
    }

    func directToken(source: Int) async throws -> DirectToken? {
        try await catalog.epgSources.token(of: source).map {
            DirectToken(text: $0.text, credentials: $0.credentials, expires: $0.expires)
        }
    }

    func keep(_ token: DirectToken?, source: Int) async throws {
        let kept = token.map { KeptToken(text: $0.text, credentials: $0.credentials, expires: $0.expires) }
        try await catalog.epgSources.keep(kept, of: source)
    }

    func showingsWithoutArtwork(source: Int, only guide: Int?, style: String) async throws -> [DirectShowing] {
        try await catalog.epgSources.showingsWithoutArtwork(of: source, only: guide, style: style)
            .map { DirectShowing(id: $0.id, programme: $0.programme) }
    }

    func keepArtwork(_ artwork: [(showing: Int, url: String?)], style: String) async throws {
        try await catalog.epgSources.keepArtwork(artwork, style: style)
    }

    func beginDirect(source: Int, only guide: Int?) async throws -> any DirectStaging {
        Staging(refresh: try await catalog.beginDirectRefresh(source: source, only: guide))
    }

    private struct Staging: DirectStaging {
        let refresh: DirectGuideRefresh

        var stations: [String] { refresh.stations }

        func changed(_ days: [DirectDay]) async throws -> [DirectDay] {
            let staged = days.map { StagedDay(station: $0.station, date: $0.date, digest: $0.digest) }
            let changed = Set(try await refresh.changed(staged))
            return zip(days, staged).filter { changed.contains($0.1) }.map(\.0)
        }

        func stage(_ schedules: [DirectSchedule]) async throws {
            try await refresh.stage(
                schedules.map { schedule in
                    StagedSchedule(
                        day: StagedDay(station: schedule.station, date: schedule.date, digest: schedule.digest),
                        modified: schedule.modified,
                        airings: schedule.airings.map {
                            StagedSchedule.Airing(
                                programme: $0.programme, digest: $0.digest, start: $0.start, end: $0.end,
                                flags: $0.flags)
                        })
                })
        }

        func missingProgrammes(after position: Int, limit: Int) async throws -> (ids: [String], last: Int) {
            try await refresh.missingProgrammes(after: position, limit: limit)
        }

        func stage(_ programmes: [DirectProgramme]) async throws {
            try await refresh.stage(
                programmes.map {
                    StagedDescription(
                        id: $0.id, digest: $0.digest, title: $0.title, subTitle: $0.subTitle,
                        description: $0.description, customProperties: $0.customProperties)
                })
        }

        func commit() async throws -> Int { try await refresh.commit() }

        // Nothing was visible yet, and the staging area goes with its connection in any case.
        func discard() async { try? await refresh.discard() }
    }
}
