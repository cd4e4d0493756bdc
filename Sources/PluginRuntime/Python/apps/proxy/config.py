"""The proxies' settings, as plugins look them up: the group `proxy_settings` by other names."""

from core.models import CoreSettings


class BaseConfig:
    """What both proxies go by; times in seconds."""

    #: How long a viewer is kept while a channel changes to another source.
    FAILOVER_GRACE_PERIOD = 20

    @classmethod
    def get_proxy_settings(cls):
        """The stored group over its defaults."""
        return CoreSettings.get_proxy_settings()

    @classmethod
    def get_redis_chunk_ttl(cls):
        """How long a chunk of a stream is kept in Redis."""
        return cls.get_proxy_settings()["redis_chunk_ttl"]

    @classmethod
    def get_buffering_timeout(cls):
        """How long a source may be too slow."""
        return cls.get_proxy_settings()["buffering_timeout"]

    @classmethod
    def get_buffering_speed(cls):
        """What counts as too slow: a multiple of real time."""
        return cls.get_proxy_settings()["buffering_speed"]

    @classmethod
    def get_channel_shutdown_delay(cls):
        """How long a channel waits for another viewer."""
        return cls.get_proxy_settings()["channel_shutdown_delay"]

    @classmethod
    def get_channel_init_grace_period(cls):
        """How long a channel may take to begin."""
        return cls.get_proxy_settings()["channel_init_grace_period"]

    @classmethod
    def get_channel_client_wait_period(cls):
        """How long a channel that is ready waits for its first viewer."""
        return cls.get_proxy_settings()["channel_client_wait_period"]


class TSConfig(BaseConfig):
    """Those of the proxy of transport streams."""


class HLSConfig(BaseConfig):
    """Those of the proxy of playlists."""
