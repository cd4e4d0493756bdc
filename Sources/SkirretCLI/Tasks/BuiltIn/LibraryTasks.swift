import API
import Catalog
import CeleryProtocol
import Foundation
import Ingest
import Logging
import Skirret

/// Films and series.
extension DispatcharrTasks {
    var libraryTasks: [RegisteredTask] {
        [cleanLibrary.registered, refreshLibrary.registered, refreshEpisodes.registered, refreshMovie.registered]
    }

    static let libraryTask = "apps.vod.tasks.refresh_vod_content"

    /// `scan_start_time` is ISO text, as Celery's JSON writes a time.
    private var cleanLibrary: TaskDefinition<String, Int?, String?, Int?> {
        TaskDefinition(
            "apps.vod.tasks.cleanup_orphaned_vod_content", parameters: ["stale_days", "scan_start_time", "account_id"]
        ) { (days: Int?, start: String?, account: Int?) in
            let scanStart = start.flatMap(DjangoTime.date)
            guard start == nil || scanStart != nil else {
                throw TaskFailure.builtin("ValueError", "scan_start_time: expected ISO text in UTC, got \(start ?? "")")
            }
            let counts = try await catalog.cleanLibrary(
                scanStart: scanStart ?? Date(), staleDays: days ?? 0, account: account)
            return "Cleaned up \(counts.movieRelations) movie relations, \(counts.seriesRelations) series relations, "
                + "\(counts.episodeRelations) episode relations, \(counts.movies) movies, \(counts.series) series, "
                + "\(counts.episodes) episodes"
        }
    }

    /// All films and series of one account, whole or not at all; a second request while it runs returns at once.
    private var refreshLibrary: TaskDefinition<String, Int> {
        let options = TaskOptions(
            timeLimit: .seconds(3600),
            singleFlight: .init(
                name: { args, kwargs in "vod:\((args.first ?? kwargs["account_id"] ?? .null).text)" },
                answer: { .string("VOD refresh already running for this account, as \($0).") }))
        return TaskDefinition(Self.libraryTask, parameters: ["account_id"], options: options) {
            (context: TaskContext, id: Int) in
            guard let account = try await CatalogPlaylists(catalog: catalog).playlistAccount(id), account.isActive
            else {
                throw TaskFailure.builtin("ValueError", "There is no active M3U account \(id).")
            }
            // As Dispatcharr answers it: a success that says what was not done.
            guard account.xtream != nil else { return "VOD refresh only available for XtreamCodes accounts" }
            do {
                let report = try await library(context).run(account) { data in
                    try? await events.publish(data)  // progress is a courtesy
                    await context.progress(data["progress"]?.double ?? 0, data["message"]?.string ?? "")
                }
                if report.problems.total > 0 {
                    context.logger.info(
                        "films or series were left out",
                        metadata: [
                            "count": "\(report.problems.total)",
                            "first": "\(report.problems.samples.first?.detail ?? "")",
                        ])
                }
                let seconds = String(format: "%.2f", report.seconds)
                return "Batch VOD refresh completed for account \(account.name) in \(seconds) seconds"
            } catch let error as Ingest.RefreshError {
                throw error.failure
            }
        }
    }

    /// Episodes of some series, or of all whose episodes were read more than a day ago.
    private var refreshEpisodes: TaskDefinition<String, Int, [Int]?> {
        let options = TaskOptions(
            timeLimit: .seconds(4 * 3600),
            singleFlight: .init(
                name: { args, kwargs in "episodes:\((args.first ?? kwargs["account_id"] ?? .null).text)" },
                answer: { .string("Episodes of this account are being refreshed, as \($0).") }))
        return TaskDefinition(
            "apps.vod.tasks.batch_refresh_series_episodes", parameters: ["account_id", "series_ids"], options: options
        ) { (context: TaskContext, id: Int, series: [Int]?) in
            guard let account = try await CatalogPlaylists(catalog: catalog).playlistAccount(id), account.isActive
            else {
                throw TaskFailure.builtin("ValueError", "There is no active M3U account \(id).")
            }
            guard account.xtream != nil else { return "Episode refresh only available for XtreamCodes accounts" }
            let wanted = series.flatMap { $0.isEmpty ? nil : $0 }
            let offers = try await catalog.library.seriesOffers(
                of: id, series: wanted, notSince: Date(timeIntervalSinceNow: -86_400))
            var done = 0
            var failure: Ingest.RefreshError?
            for (index, offer) in offers.enumerated() {
                await context.progress(Double(100 * index) / Double(offers.count), offer.name)
                do {
                    try await readEpisodes(of: offer, account, context)
                    done += 1
                } catch let error as Ingest.RefreshError {
                    // One series' trouble is its own.
                    failure = error
                    context.logger.warning(
                        "episodes were not read", metadata: ["series": "\(offer.name)", "error": "\(error.message)"])
                }
            }
            if done == 0, let failure { throw failure.failure }
            return "Batch episode refresh completed for \(done) series"
        }
    }

    private func readEpisodes(
        of offer: LibraryOffer, _ account: PlaylistAccount, _ context: TaskContext
    ) async throws {
        let details = try await library(context).details(ofSeries: offer.externalID, account)
        let facts = SeriesFacts(
            description: details.description, rating: details.rating, genre: details.genre, year: details.year)
        _ = try await catalog.library.store(details.episodes.map(StagedEpisode.init), facts, ofOffer: offer.id)
    }

    /// Details of one film; not again within a day, unless that is wished.
    private var refreshMovie: TaskDefinition<String, Int, Bool?> {
        let options = TaskOptions(
            timeLimit: .seconds(300),
            singleFlight: .init(
                name: { args, kwargs in "movie-details:\((args.first ?? kwargs["m3u_movie_relation_id"] ?? .null).text)"
                },
                answer: { .string("Advanced data of this film is being refreshed, as \($0).") }))
        return TaskDefinition(
            "apps.vod.tasks.refresh_movie_advanced_data", parameters: ["m3u_movie_relation_id", "force_refresh"],
            options: options
        ) { (context: TaskContext, id: Int, force: Bool?) in
            guard let offer = try await catalog.library.offer(id, of: .movie),
                let account = try await CatalogPlaylists(catalog: catalog).playlistAccount(offer.accountID)
            else { throw TaskFailure.builtin("ValueError", "There is no film offer \(id).") }
            if force != true, let at = offer.detailedAt, Date().timeIntervalSince(at) < 86_400 {
                return "Advanced data recently fetched, skipping."
            }
            do {
                let details = try await library(context).details(ofMovie: offer.externalID, account)
                try await catalog.library.store(details.map(MovieFacts.init), ofOffer: id)
                return "Advanced data refreshed."
            } catch let error as Ingest.RefreshError {
                throw error.failure
            }
        }
    }

    private func library(_ context: TaskContext) -> Ingest.LibraryRefresh {
        Ingest.LibraryRefresh(store: CatalogLibrary(catalog: catalog), logger: context.logger)
    }
}
