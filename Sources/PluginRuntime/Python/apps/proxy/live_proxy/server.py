"""The proxy's server as plugins reach for it: its Redis, and the channels it plays."""

from apps.proxy import NOT_INCLUDED
from apps.proxy.bystander import Bystander

from .redis_keys import RedisKeys


class ProxyServer(Bystander):
    """Looks at what proxies on this Redis do. This process is none of them, so it holds no stream and no client."""

    def __init__(self):
        super().__init__()
        self.stream_managers = {}
        self.stream_buffers = {}
        self.client_managers = {}
        self.profile_managers = {}

    def check_if_channel_exists(self, channel_id):
        """Whether any proxy plays the channel."""
        return bool(self.redis_client.exists(RedisKeys.channel_metadata(channel_id)))

    def get_channel_owner(self, channel_id):
        """The worker that plays the channel, or None."""
        return self.redis_client.get(RedisKeys.channel_owner(channel_id))

    def am_i_owner(self, channel_id):
        """Never: this process plays nothing."""
        return False

    def initialize_channel(self, *args, **kwargs):
        """Cannot be done here."""
        raise NotImplementedError(f"a channel cannot be started: {NOT_INCLUDED}")

    def stop_channel(self, channel_id):
        """Asks whoever plays the channel to end it; True if somebody listens."""
        from .services.channel_service import ChannelService

        return bool(ChannelService.stop_channel(channel_id).get("listeners"))
