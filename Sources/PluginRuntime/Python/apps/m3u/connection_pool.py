"""How many connections of an account are in use: counters in Redis that the proxies keep.

A profile has a counter of its own. Accounts of one server group that sign in with the same name and
password share a second one, whatever profile they come through. A limit of 0 is none.
"""

import hashlib
import re

from core.utils import RedisClient

_CREDENTIALS = re.compile(r"/(?:live|movie|series)/([^/]+)/([^/]+)/", re.IGNORECASE)


def profile_connections_key(profile_id):
    """STRING: connections through a profile."""
    return f"profile_connections:{profile_id}"


def profile_credential_release_key(profile_id):
    """STRING: the shared counter that the profile's connection was counted in."""
    return f"profile_credential_release:{profile_id}"


def server_group_connections_key(group_id, fingerprint):
    """STRING: connections with one login within a server group."""
    return f"server_group_connections:{group_id}:{fingerprint[:16]}"


def compute_credential_fingerprint(username, password):
    """What accounts with the same login have in common; None without a login."""
    if not username or not password:
        return None
    return hashlib.sha256(f"{username.strip().lower()}\0{password.strip()}".encode()).hexdigest()


def extract_credentials_from_stream_url(url):
    """(user, password) of an Xtream address, or (None, None)."""
    found = _CREDENTIALS.search(url or "")
    return found.groups() if found else (None, None)


def get_profile_credential_fingerprint(profile):
    """The login that a profile plays with: its account's, else the one in the addresses of its streams."""
    account = profile.m3u_account
    own = compute_credential_fingerprint(account.username, account.password)
    if own or account.pk is None:
        return own
    url = account.streams.exclude(url=None).exclude(url="").values_list("url", flat=True).first()
    return compute_credential_fingerprint(*extract_credentials_from_stream_url(url))


def get_enforced_server_group_for_profile(profile):
    """The server group whose limit applies, or None."""
    return profile.m3u_account.server_group


def _shared_key(profile):
    group = get_enforced_server_group_for_profile(profile)
    fingerprint = get_profile_credential_fingerprint(profile) if group and profile.max_streams else None
    return server_group_connections_key(group.pk, fingerprint) if fingerprint else None


def _count(redis_client, key):
    return int(redis_client.get(key) or 0)


def get_profile_connection_count(profile, redis_client=None):
    """Connections in use through a profile."""
    return _count(redis_client or RedisClient.get_client(), profile_connections_key(profile.pk))


get_profile_active_connection_count = get_profile_connection_count


def get_credential_connection_count(profile, redis_client=None):
    """Connections in use with the profile's login; 0 where logins are not shared."""
    key = _shared_key(profile)
    return _count(redis_client or RedisClient.get_client(), key) if key else 0


def profile_has_capacity_for_selection(profile, redis_client=None):
    """Whether the profile's own limit leaves room."""
    return not profile.max_streams or get_profile_connection_count(profile, redis_client) < profile.max_streams


def group_has_capacity_for_profile(profile, redis_client=None):
    """Whether the limit that is shared by login leaves room."""
    return not profile.max_streams or get_credential_connection_count(profile, redis_client) < profile.max_streams


def pool_has_capacity_for_profile(profile, redis_client=None):
    """Whether one more connection may be opened; nothing is reserved."""
    return profile_has_capacity_for_selection(profile, redis_client) and group_has_capacity_for_profile(
        profile, redis_client
    )


def reserve_profile_slot(profile, redis_client=None):
    """(whether a connection was counted, the profile's count, "profile_full" or "credential_full" or None)."""
    redis_client = redis_client or RedisClient.get_client()
    if not profile.max_streams:
        return True, 0, None
    own, shared = profile_connections_key(profile.pk), _shared_key(profile)
    count = redis_client.incr(own)
    if count > profile.max_streams:
        redis_client.decr(own)
        return False, count - 1, "profile_full"
    if shared:
        if redis_client.incr(shared) > profile.max_streams:
            redis_client.decr(shared)
            redis_client.decr(own)
            return False, count - 1, "credential_full"
        redis_client.set(profile_credential_release_key(profile.pk), shared)
    return True, count, None


def release_profile_slot(profile_id, redis_client=None):
    """Counts a connection as closed; a counter never falls below zero."""
    redis_client = redis_client or RedisClient.get_client()
    own, release = profile_connections_key(profile_id), profile_credential_release_key(profile_id)
    shared = redis_client.get(release)
    if isinstance(shared, bytes):
        shared = shared.decode()
    for key in filter(None, (shared, own)):
        if _count(redis_client, key) > 0:
            redis_client.decr(key)
    if not _count(redis_client, own):  # the profile's other connections are still counted in the shared one
        redis_client.delete(release)
