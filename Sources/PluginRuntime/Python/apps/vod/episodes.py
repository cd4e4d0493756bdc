"""The episodes of one series, fetched when somebody wants to see them."""

import logging
from datetime import date

import requests
from core.xtream_codes import Client
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.vod.models import Episode, M3UEpisodeRelation, M3USeriesRelation

logger = logging.getLogger(__name__)

EPISODE_FIELDS = (
    "name", "description", "air_date", "rating", "duration_secs", "tmdb_id", "imdb_id", "custom_properties",
    "updated_at",
)  # fmt: skip
RELATION_FIELDS = (
    "episode", "series_relation", "container_extension", "custom_properties", "last_seen", "updated_at",
)  # fmt: skip


def refresh_series_episodes(account, series, external_series_id, episodes_data=None):
    """Asks an Xtream server for a series' episodes and stores them. What goes wrong is logged, not raised."""
    try:
        if not episodes_data:
            with Client(
                account.server_url, account.username, account.password, account.get_user_agent_string()
            ) as client:
                answer = client.get_series_info(external_series_id)
            _fill_gaps(series, answer.get("info"))
            episodes_data = answer.get("episodes")
        relation = M3USeriesRelation.objects.filter(m3u_account=account, external_series_id=external_series_id).first()
        batch_process_episodes(account, series, episodes_data, series_relation=relation)
        if relation is not None:
            known = {**(relation.custom_properties or {}), "episodes_fetched": True, "detailed_fetched": True}
            relation.custom_properties, relation.last_episode_refresh = known, timezone.now()
            relation.save(update_fields=["custom_properties", "last_episode_refresh", "updated_at"])
    except (requests.RequestException, ValueError, DatabaseError) as error:
        logger.error("the episodes of %s were not refreshed: %s", series.name, error)


def batch_process_episodes(account, series, episodes_data, scan_start_time=None, series_relation=None):
    """Stores episodes as the server lists them, in one transaction: `{"1": [{"id", "episode_num", "title", ...}]}`.

    Several streams may be one episode, in other languages say: one row of `Episode`, one relation each.
    """
    listed = list(_listed(episodes_data))
    if not listed:
        return
    seen = scan_start_time or timezone.now()
    with transaction.atomic():
        rows = {(season, number): _episode(series, season, number, data) for season, number, data in listed}
        Episode.objects.bulk_create(
            rows.values(), batch_size=500, update_conflicts=True, update_fields=EPISODE_FIELDS,
            unique_fields=("series", "season_number", "episode_number"),
        )  # fmt: skip
        stored = {(one.season_number, one.episode_number): one for one in Episode.objects.filter(series=series)}
        relations = {
            str(data["id"]): M3UEpisodeRelation(
                m3u_account=account, episode=stored[season, number], series_relation=series_relation,
                stream_id=str(data["id"]), container_extension=(data.get("container_extension") or "mp4")[:10],
                custom_properties={"info": data, "season_number": season}, last_seen=seen,
            )
            for season, number, data in listed
        }  # fmt: skip
        M3UEpisodeRelation.objects.bulk_create(
            relations.values(), batch_size=500, update_conflicts=True, update_fields=RELATION_FIELDS,
            unique_fields=("m3u_account", "stream_id"),
        )  # fmt: skip


def _listed(episodes_data):
    """(season, number, episode). PHP writes seasons that count from 0 as a list, others as an object."""
    seasons = episodes_data.items() if isinstance(episodes_data, dict) else enumerate(episodes_data or ())
    for season, episodes in seasons:
        for data in episodes if isinstance(episodes, list) else ():
            if isinstance(data, dict) and data.get("id") is not None:
                yield _whole(season), _whole(data.get("episode_num")), data


def _episode(series, season, number, data):
    info = data.get("info") if isinstance(data.get("info"), dict) else {}
    extra = {name: info[name] for name in ("crew", "movie_image") if info.get(name)}
    if backdrop := _text(info.get("backdrop_path")):
        extra["backdrop_path"] = [backdrop]
    return Episode(
        series=series, season_number=season, episode_number=number,
        name=str(data.get("title") or "Unknown Episode")[:255],
        description=_text(info.get("plot") or info.get("overview")) or "", rating=_rating(info.get("rating")),
        air_date=_day(info), duration_secs=_whole(info.get("duration_secs")) or None,
        tmdb_id=_text(info.get("tmdb_id")), imdb_id=_text(info.get("imdb_id")), custom_properties=extra or None,
    )  # fmt: skip


def _fill_gaps(series, info):
    """Takes from the server what nobody has filled in."""
    info = info if isinstance(info, dict) else {}
    day = _day(info)
    offered = {
        "description": _text(info.get("plot")), "rating": _rating(info.get("rating")),
        "genre": _text(info.get("genre")), "year": _whole(info.get("year")) or (day.year if day else None),
    }  # fmt: skip
    changed = [name for name, value in offered.items() if value and not getattr(series, name)]
    for name in changed:
        setattr(series, name, offered[name])
    if changed:
        series.save(update_fields=[*changed, "updated_at"])


def _text(value):
    """The text of a value that servers write as text, number, or a list of texts; None if there is none."""
    if isinstance(value, (list, tuple)):
        value = next((one for one in value if one), None)
    return str(value).strip() or None if value not in (None, "") else None


def _rating(value):
    text = _text(value)
    return text[:10] if text and text not in ("0", "0.0") else None


def _whole(value):
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _day(info):
    for name in ("air_date", "releasedate", "release_date", "releaseDate"):
        try:
            return date.fromisoformat(str(info.get(name))[:10])
        except ValueError:
            continue
    return None
