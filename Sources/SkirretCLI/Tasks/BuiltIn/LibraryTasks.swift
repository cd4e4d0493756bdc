import Catalog
import CeleryProtocol
import Foundation
import Skirret

/// Films and series.
extension DispatcharrTasks {
    var libraryTasks: [RegisteredTask] {
        [cleanLibrary.registered, refreshLibrary.registered, refreshEpisodes.registered, refreshMovie.registered]
    }

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

    // What follows needs an Xtream server's library, which this version does not read: at once and in words, because
    // a task that no worker knows waits an hour first.

    private var refreshLibrary: TaskDefinition<String, Int> {
        TaskDefinition("apps.vod.tasks.refresh_vod_content", parameters: ["account_id"]) { (id: Int) in
            guard let account = try await catalog.m3uAccounts.find(id) else {
                throw TaskFailure.builtin("ValueError", "There is no M3U account \(id).")
            }
            // As Dispatcharr answers it: a success that says what was not done.
            guard account.draft.kind == .xtream else { return "VOD refresh is only available for XtreamCodes accounts" }
            throw Self.unavailable(
                "Films and series of Xtream account '\(account.draft.name)' are not read by this version of Skirret.")
        }
    }

    private var refreshEpisodes: TaskDefinition<String, Int, [Int]?> {
        TaskDefinition(
            "apps.vod.tasks.batch_refresh_series_episodes", parameters: ["account_id", "series_ids"]
        ) { (id: Int, _: [Int]?) in
            throw Self.unavailable("Episodes of Xtream account \(id) are not read by this version of Skirret.")
        }
    }

    private var refreshMovie: TaskDefinition<String, Int, Bool?> {
        TaskDefinition(
            "apps.vod.tasks.refresh_movie_advanced_data", parameters: ["m3u_movie_relation_id", "force_refresh"]
        ) { (id: Int, _: Bool?) in
            throw Self.unavailable("Details of film offer \(id) are not read by this version of Skirret.")
        }
    }
}
