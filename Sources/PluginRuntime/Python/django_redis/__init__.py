"""The one function of django-redis that plugins use: the raw client behind Django's cache."""

from django.core.cache import InvalidCacheBackendError

from core.utils import RedisClient


def get_redis_connection(alias="default", write=True):
    """A client of the Redis that the cache is in; it answers in bytes, as django-redis's does."""
    if alias != "default":
        # What django-redis lets through from Django for a cache that is not configured.
        raise InvalidCacheBackendError(f"there is no cache {alias!r}; the only one is 'default'")
    return RedisClient.get_buffer()
