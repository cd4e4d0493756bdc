"""What plays, as a proxy has written it down in Redis."""

import time

from core.utils import RedisClient

from .redis_keys import RedisKeys

#: Fields of the metadata that are reported under their own names, and what they are made of the text.
TEXTS = ("channel_name", "stream_name", "video_codec", "resolution", "audio_codec", "audio_channels", "stream_type")
NUMBERS = {"source_fps": float, "ffmpeg_speed": float, "logo_id": int, "stream_id": int, "total_bytes": int}
DETAIL_TEXTS = (
    "pixel_format", "source_bitrate", "video_bitrate", "sample_rate", "audio_bitrate", "ffmpeg_fps", "actual_fps",
    "ffmpeg_bitrate", "ffmpeg_output_bitrate", "error_message", "error_time",
)  # fmt: skip

#: Clients that the short report lists; the count is of all.
LISTED_CLIENTS = 10


class ChannelStatus:
    """Reports on one channel, as dicts; None for a channel that nobody plays."""

    @staticmethod
    def get_basic_channel_info(channel_id):
        """State, address, uptime, bit rate, and the first clients."""
        redis = RedisClient.get_client()
        metadata = redis.hgetall(RedisKeys.channel_metadata(channel_id))
        if not metadata:
            return None
        started = _number(metadata.get("init_time"), float) or 0
        uptime = time.time() - started if started > 0 else 0
        clients = _clients(redis, channel_id, LISTED_CLIENTS)
        return {
            "channel_id": channel_id,
            "state": metadata.get("state"),
            "url": metadata.get("url", ""),
            "stream_profile": metadata.get("stream_profile", ""),
            "owner": metadata.get("owner"),
            "buffer_index": _number(redis.get(RedisKeys.buffer_index(channel_id)), int) or 0,
            "uptime": uptime,
            "started_at": started if started > 0 else None,
            "clients": clients,
            "client_count": redis.scard(RedisKeys.clients(channel_id)),
            **_named(metadata, TEXTS, NUMBERS),
            **_named(metadata, (), {"m3u_profile": int}, rename={"m3u_profile": "m3u_profile_id"}),
            **_rate(_number(metadata.get("total_bytes"), int), uptime),
        }

    @classmethod
    def get_detailed_channel_info(cls, channel_id):
        """The short report, all clients, and what is known of codecs, timing and the buffer."""
        info = cls.get_basic_channel_info(channel_id)
        if info is None:
            return None
        redis = RedisClient.get_client()
        metadata = redis.hgetall(RedisKeys.channel_metadata(channel_id))
        info.update(_named(metadata, DETAIL_TEXTS, {}))
        info["clients"] = _clients(redis, channel_id)
        info["client_count"] = len(info["clients"])
        info["owner"] = info["owner"] or "unknown"
        if changed := _number(metadata.get("state_changed_at"), float):
            info.update(state_changed_at=changed, state_duration=time.time() - changed)
        if total := info.get("total_bytes"):
            info["total_data"] = _size(total)
        chunk = RedisKeys.buffer_chunk(channel_id, info["buffer_index"])
        info["buffer_stats"] = {"chunks": info["buffer_index"], "diagnostics": {}, "latest_chunk_ttl": redis.ttl(chunk)}
        info.update(_names_of(info))
        return info


def build_live_channel_stats_data(redis_client):
    """The short reports of all channels that play: `{"channels": [...], "count": n}`."""
    prefix, suffix = RedisKeys.channel_metadata("\0").split("\0")
    keys = (
        key.decode() if isinstance(key, bytes) else key
        for key in (redis_client.scan_iter(match=f"{prefix}*{suffix}", count=500) if redis_client else ())
    )
    reports = (ChannelStatus.get_basic_channel_info(key[len(prefix) : -len(suffix)]) for key in keys)
    channels = [report for report in reports if report]
    return {"channels": channels, "count": len(channels)}


def _clients(redis, channel_id, limit=None):
    """The viewers. A set member without metadata is a viewer that is gone; it is removed from the set."""
    key, found, gone = RedisKeys.clients(channel_id), [], []
    for client_id in sorted(redis.smembers(key)):
        data = redis.hgetall(RedisKeys.client_metadata(channel_id, client_id))
        if data:
            found.append(_client(client_id, data))
        else:
            gone.append(client_id)
    if gone:
        redis.srem(key, *gone)
    return found[:limit]


def _client(client_id, data):
    info = {
        "client_id": client_id,
        "user_agent": data.get("user_agent", "unknown"),
        "output_format": data.get("output_format") or "mpegts",
        "output_profile_id": _number(data.get("output_profile_id"), int) or None,
        **_named(data, ("ip_address", "user_id", "worker_id"), {"connected_at": float, "last_active": float}),
        **_named(data, (), {"bytes_sent": int, "avg_rate_KBps": float, "current_rate_KBps": float}),
    }
    if "last_active" in info:
        info["last_active_ago"] = time.time() - info["last_active"]
    return info


def _named(data, texts, numbers, rename=None):
    """Those fields that are there and readable."""
    named = {name: data[name] for name in texts if data.get(name)}
    for name, kind in numbers.items():
        if (value := _number(data.get(name), kind)) is not None:
            named[(rename or {}).get(name, name)] = value
    return named


def _number(text, kind):
    try:
        return kind(text)
    except (TypeError, ValueError):
        return None


def _rate(total_bytes, seconds):
    if not total_bytes or seconds <= 0:
        return {}
    kbps = total_bytes * 8 / seconds / 1000
    text = f"{kbps / 1000:.2f} Mbps" if kbps > 1000 else f"{kbps:.2f} Kbps"
    return {"avg_bitrate_kbps": kbps, "avg_bitrate": text}


def _size(count):
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} GB"


def _names_of(info):
    """Names of rows that the metadata knows by id only."""
    from apps.channels.models import Stream
    from apps.m3u.models import M3UAccountProfile

    names = {}
    if "stream_id" in info and "stream_name" not in info:
        names["stream_name"] = Stream.objects.filter(pk=info["stream_id"]).values_list("name", flat=True).first()
    if "m3u_profile_id" in info:
        profiles = M3UAccountProfile.objects.filter(pk=info["m3u_profile_id"])
        names["m3u_profile_name"] = profiles.values_list("name", flat=True).first()
    return {name: value for name, value in names.items() if value}
