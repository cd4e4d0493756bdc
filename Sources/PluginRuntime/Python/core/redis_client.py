"""The clients of the one Redis that everything runs on."""

import logging
import threading
import time

import redis
from django.conf import settings
from dispatcharr.redis_urls import Pool

logger = logging.getLogger(__name__)


class RedisClient:
    """Shared clients of the one Redis that everything runs on."""

    _clients = {}
    _lock = threading.Lock()

    @classmethod
    def get_client(cls, max_retries=5, retry_interval=1):
        """A client that answers in text; None when Redis stays away for all attempts."""
        return cls._connected("text", max_retries, retry_interval, decode_responses=True)

    @classmethod
    def get_buffer(cls, max_retries=5, retry_interval=1):
        """A client that answers in bytes; None when Redis stays away."""
        return cls._connected("bytes", max_retries, retry_interval)

    @classmethod
    def get_pubsub_client(cls, max_retries=5, retry_interval=1):
        """A client for subscriptions, whose reads may wait for ever; None when Redis stays away."""
        return cls._connected("pubsub", max_retries, retry_interval, decode_responses=True, socket_timeout=None)

    @staticmethod
    def new_client(**options):
        """A client of the caller's own, not connected yet: nothing of one's own waits for who has the shared ones."""
        options = {"socket_connect_timeout": 1, "socket_timeout": 2, **options}
        return redis.Redis(connection_pool=Pool.from_url(settings.BROKER_URL, **options))

    @classmethod
    def _connected(cls, kind, attempts, pause, **options):
        with cls._lock:
            client = cls._clients.get(kind)
            if client is None:
                client = cls.new_client(**options)
        for attempt in range(1, max(attempts, 1) + 1):
            try:
                client.ping()
            except redis.RedisError as error:
                logger.warning("Redis does not answer (attempt %d of %d): %s", attempt, attempts, error)
                if attempt < attempts:
                    time.sleep(min(pause * 2 ** (attempt - 1), 10))
            else:
                return cls._clients.setdefault(kind, client)
        return None
