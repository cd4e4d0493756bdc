"""Which account a channel or a stream plays through: counted in Redis, beside what the proxies count.

channel_stream:<channel id>   STRING  the stream that the channel plays
stream_profile:<stream id>    STRING  the account profile whose connection it uses
"""

from apps.m3u.connection_pool import release_profile_slot, reserve_profile_slot
from apps.proxy.live_proxy.redis_keys import RedisKeys
from core.utils import RedisClient

ALL_FULL = "All active M3U profiles have reached maximum connection limits"


def reserve_stream(redis, stream):
    """(profile id, whether a connection was counted for it), or (None, False) when all are taken."""
    if profile_id := redis.get(f"stream_profile:{stream.pk}"):
        return int(profile_id), False
    if stream.m3u_account is None:
        return None, False
    for profile in stream.m3u_account.profiles.filter(is_active=True).order_by("-is_default", "pk"):
        if reserve_profile_slot(profile, redis)[0]:
            redis.set(f"stream_profile:{stream.pk}", profile.pk)
            return profile.pk, True
    return None, False


def release_stream_profile(redis, stream_id):
    """Counts the connection of a stream as closed; the profile's id, or None if it had none."""
    profile_id = redis.getdel(f"stream_profile:{stream_id}")
    if profile_id is None:
        return None
    release_profile_slot(int(profile_id), redis)
    return int(profile_id)


class Playback:
    """What a channel can do about its connection."""

    def get_stream(self, requester=None):
        """(stream id, profile id, why there is none or None, whether a connection was counted now)."""
        redis = RedisClient.get_client()
        if playing := redis.get(f"channel_stream:{self.pk}"):
            if profile_id := redis.get(f"stream_profile:{playing}"):
                return int(playing), int(profile_id), None, False
        streams = self.streams.order_by("channelstream__order")
        if not streams:
            return None, None, "No streams assigned to channel", False
        for stream in streams:
            profile_id, counted = reserve_stream(redis, stream)
            if profile_id:
                redis.set(f"channel_stream:{self.pk}", stream.pk)
                return stream.pk, profile_id, None, counted
        return None, None, ALL_FULL, False

    def release_stream(self):
        """Counts the channel's connection as closed; False if it had none.

        The metadata of the proxy remembers the connection when the keys above are already gone.
        """
        redis = RedisClient.get_client()
        metadata = RedisKeys.channel_metadata(self.uuid)
        known = dict(zip(("stream_id", "m3u_profile"), redis.hmget(metadata, "stream_id", "m3u_profile"), strict=True))
        stream_id = redis.getdel(f"channel_stream:{self.pk}") or known["stream_id"]
        if stream_id is None:
            return False
        released = release_stream_profile(redis, stream_id)
        if released is None and known["m3u_profile"]:
            released = int(known["m3u_profile"])
            release_profile_slot(released, redis)
        # Forgotten, so that a second release does not count it again.
        redis.hdel(metadata, "stream_id", "m3u_profile")
        return released is not None

    def update_stream_profile(self, new_profile_id):
        """Moves the channel's connection to another profile; False if it plays nothing or that one is full."""
        from apps.m3u.models import M3UAccountProfile

        redis = RedisClient.get_client()
        stream_id = redis.get(f"channel_stream:{self.pk}")
        old = redis.get(f"stream_profile:{stream_id}") if stream_id else None
        if old is None:
            return False
        if int(old) == new_profile_id:
            return True
        profiles = M3UAccountProfile.objects.select_related("m3u_account__server_group").in_bulk(
            [int(old), new_profile_id]
        )
        # Freed first: both may count the same login, whose limit is one.
        release_profile_slot(int(old), redis)
        if not reserve_profile_slot(profiles[new_profile_id], redis)[0]:
            if int(old) in profiles:
                reserve_profile_slot(profiles[int(old)], redis)
            return False
        redis.set(f"stream_profile:{stream_id}", new_profile_id)
        return True
