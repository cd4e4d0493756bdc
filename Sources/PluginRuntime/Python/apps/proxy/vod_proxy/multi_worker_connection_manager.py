"""Connections of a film proxy, as it has written them down: one hash `vod_persistent_connection:<session>` each."""

import json
import time
from dataclasses import asdict, dataclass, field, fields

import redis as redis_py
from core.utils import RedisClient

from apps.m3u.connection_pool import release_profile_slot
from apps.proxy import NOT_INCLUDED
from apps.proxy.bystander import Bystander

PREFIX = "vod_persistent_connection:"
#: Seconds that a connection's hash outlives its last change.
CONNECTION_SECONDS = 3600
CLIENT_STOP_SECONDS = 60


def get_vod_client_stop_key(client_id):
    """STRING, expires: the viewer is cut off."""
    return f"vod_proxy:client:{client_id}:stop"


@dataclass
class SerializableConnectionState:
    """One viewer's connection. In Redis every field is text, and one that is not known is empty."""

    session_id: str
    stream_url: str = ""
    headers: dict = field(default_factory=dict)
    content_length: str | None = None
    content_type: str | None = None
    final_url: str | None = None
    m3u_profile_id: int | None = None
    content_obj_type: str | None = None
    content_uuid: str | None = None
    content_name: str | None = None
    client_ip: str | None = None
    client_user_agent: str | None = None
    utc_start: str = ""
    utc_end: str = ""
    offset: str = ""
    worker_id: str | None = None
    connection_type: str = "redis_backed"
    user_id: str = "unknown"
    last_activity: float = field(default_factory=time.time)
    created_at: float = field(default_factory=time.time)
    request_count: int = 0
    active_streams: int = 0
    bytes_sent: int = 0
    position_seconds: int = 0
    last_seek_byte: int = 0
    last_seek_percentage: float = 0.0
    total_content_size: int = 0
    last_seek_timestamp: float = 0.0

    def to_dict(self):
        """As the hash holds it."""
        return {
            name: json.dumps(value or {}) if name == "headers" else "" if value is None else str(value)
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, data):
        """From the hash; a field that is empty or absent has its default."""
        kinds = {one.name: one.type for one in fields(cls)}
        known = {name: text for name, text in data.items() if name in kinds and text != ""}
        return cls(**{name: _value(kinds[name], text) for name, text in known.items()})


def _value(kind, text):
    if kind is dict:
        return json.loads(text)
    if kind in (int, float):
        return kind(text)
    return int(text) if kind == int | None else text


class RedisBackedVODConnection:
    """One connection's hash, and the lock around changes of it."""

    def __init__(self, session_id, redis_client=None):
        self.session_id = session_id
        self.redis_client = redis_client or RedisClient.get_client()
        self.connection_key = f"{PREFIX}{session_id}"
        self.lock_key = f"vod_connection_lock:{session_id}"

    def _get_connection_state(self):
        data = self.redis_client.hgetall(self.connection_key)
        return SerializableConnectionState.from_dict({"session_id": self.session_id, **data}) if data else None

    def _save_connection_state(self, state):
        self.redis_client.hset(self.connection_key, mapping=state.to_dict())
        self.redis_client.expire(self.connection_key, CONNECTION_SECONDS)
        return True

    def _acquire_lock(self, timeout=10):
        return bool(self.redis_client.set(self.lock_key, "locked", nx=True, ex=timeout))

    def _release_lock(self):
        self.redis_client.delete(self.lock_key)

    def get_active_streams_count(self):
        """How many requests read from the connection now."""
        return int(self.redis_client.hget(self.connection_key, "active_streams") or 0)

    def has_active_streams(self):
        """Whether any request does."""
        return self.get_active_streams_count() > 0

    def get_session_metadata(self):
        """The connection as a dict, or {}."""
        state = self._get_connection_state()
        return asdict(state) if state else {}

    def get_headers(self):
        """What a player is told of the content, or {}."""
        state = self._get_connection_state()
        if state is None:
            return {}
        return {name: getattr(state, name) for name in ("content_length", "content_type", "final_url")}

    def cleanup(self, connection_manager=None, current_worker_id=None):
        """Forgets the connection and frees its account's slot, unless somebody watches; True if it was forgotten."""

        def forget(pipe):
            profile, watched = pipe.hmget(self.connection_key, "m3u_profile_id", "active_streams")
            pipe.multi()
            if not int(watched or 0):
                pipe.delete(self.connection_key)
            return profile

        with self.redis_client.pipeline() as pipe:
            try:
                pipe.watch(self.connection_key)
                profile = forget(pipe)
                deleted = pipe.execute()
            except redis_py.WatchError:  # it changed while we looked, so it is in use
                return False
        if not deleted or not deleted[0]:
            return False
        if profile:
            release_profile_slot(int(profile), self.redis_client)
        return True

    def create_connection(self, *args, **kwargs):
        """Cannot be done here."""
        raise NotImplementedError(f"a film cannot be played: {NOT_INCLUDED}")

    get_stream = create_connection


class MultiWorkerVODConnectionManager(Bystander):
    """All connections of all workers."""

    def get_session_info(self, session_id):
        """One connection as a dict, or {}."""
        return RedisBackedVODConnection(session_id, self.redis_client).get_session_metadata()

    def cleanup_persistent_connection(self, session_id):
        """Forgets one connection that nobody watches."""
        return RedisBackedVODConnection(session_id, self.redis_client).cleanup(self)

    def cleanup_stale_persistent_connections(self, max_age_seconds=1800):
        """Forgets the connections that rest for longer; how many."""
        oldest, forgotten = time.time() - max_age_seconds, 0
        for key in self.redis_client.scan_iter(match=f"{PREFIX}*", count=500):
            if float(self.redis_client.hget(key, "last_activity") or 0) < oldest:
                forgotten += bool(self.cleanup_persistent_connection(key[len(PREFIX) :]))
        return forgotten

    def stop_client(self, client_id):
        """Asks for the end of one viewer's connection."""
        self.redis_client.setex(get_vod_client_stop_key(client_id), CLIENT_STOP_SECONDS, "true")
        return True

    def stream_content_with_session(self, *args, **kwargs):
        """Cannot be done here."""
        raise NotImplementedError(f"a film cannot be played: {NOT_INCLUDED}")
