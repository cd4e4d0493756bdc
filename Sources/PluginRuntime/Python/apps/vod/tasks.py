"""Tasks of the film and series library. The work is Swift's; see `skirret_host.native`."""

from skirret_host.native import native, not_offered

from apps.vod.episodes import batch_process_episodes, refresh_series_episodes

__all__ = (
    "batch_process_episodes", "batch_refresh_series_episodes", "cleanup_orphaned_vod_content", "process_movie_batch",
    "process_series_batch", "refresh_categories", "refresh_movie_advanced_data", "refresh_movies", "refresh_series",
    "refresh_series_episodes", "refresh_vod_content",
)  # fmt: skip


@native
def refresh_vod_content(account_id):
    """Refreshes the films and series of one Xtream Codes account. Sends `m3u_refresh` with `vod_refresh`."""


@native
def batch_refresh_series_episodes(account_id, series_ids=None):
    """Fetches the episodes of some series; without ids, of those not refreshed for a day."""


@native
def cleanup_orphaned_vod_content(stale_days=0, scan_start_time=None, account_id=None):
    """Removes what no account offers any more."""


@native
def refresh_movie_advanced_data(m3u_movie_relation_id, force_refresh=False):
    """Fetches the details of one film."""


(
    refresh_categories,
    refresh_movies,
    refresh_series,
    process_movie_batch,
    process_series_batch,
) = not_offered(
    "refresh_categories",
    "refresh_movies",
    "refresh_series",
    "process_movie_batch",
    "process_series_batch",
    reason=(
        "it is a step inside a refresh. Call refresh_vod_content(account_id) for the library, or "
        "refresh_series_episodes(account, series, external_series_id) for the episodes of one series."
    ),
)
