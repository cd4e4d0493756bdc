"""Requests to whatever proxy plays a channel: written into Redis and published, for its workers to act on."""

import json
import logging
import time

from core.models import CoreSettings
from core.utils import RedisClient

from apps.proxy import NOT_INCLUDED
from apps.proxy.live_proxy.constants import ChannelState, EventType
from apps.proxy.live_proxy.redis_keys import RedisKeys
from apps.proxy.live_proxy.server import ProxyServer

logger = logging.getLogger(__name__)

#: Seconds that a request stays for a worker that was busy when it was published.
CHANNEL_STOP_SECONDS = 60
CLIENT_STOP_SECONDS = 30

NOT_FOUND = {"status": "error", "message": "Channel not found"}


class ChannelService:
    """Stops and switches what plays. `channel_id` is the channel's UUID."""

    @staticmethod
    def stop_channel(channel_id):
        """Asks for the end of a channel; `listeners` counts the workers that heard it."""
        redis = RedisClient.get_client()
        state = redis.hget(RedisKeys.channel_metadata(channel_id), "state")
        if not redis.exists(RedisKeys.channel_metadata(channel_id)):
            return dict(NOT_FOUND)
        ChannelService.mark_channel_stopping(channel_id)
        listeners = _publish(channel_id, EventType.CHANNEL_STOP)
        return {
            "status": "success", "message": "Channel stop request sent", "channel_id": channel_id,
            "previous_state": {"state": state} if state else None, "listeners": listeners,
            "model_released": False, "local_stop_result": False,
        }  # fmt: skip

    @staticmethod
    def stop_channels(channel_uuids):
        """`stop_channel` for each; never raises."""
        for channel_uuid in filter(None, channel_uuids):
            try:
                ChannelService.stop_channel(str(channel_uuid))
            except Exception:  # as promised: who deletes channels must not be stopped by a proxy that is away
                logger.warning("channel %s could not be asked to stop", channel_uuid, exc_info=True)

    @staticmethod
    def stop_client(channel_id, client_id):
        """Asks for the end of one viewer's connection."""
        redis = RedisClient.get_client()
        redis.setex(RedisKeys.client_stop(channel_id, client_id), CLIENT_STOP_SECONDS, "true")
        if not redis.exists(RedisKeys.channel_metadata(channel_id)):
            return {**NOT_FOUND, "stop_key_set": True}
        listeners = _publish(channel_id, EventType.CLIENT_STOP, client_id=client_id)
        return {
            "status": "success", "message": "Client stop request processed", "channel_id": channel_id,
            "client_id": client_id, "locally_processed": False, "stop_key_set": True, "event_published": True,
            "listeners": listeners,
        }  # fmt: skip

    @staticmethod
    def change_stream_url(
        channel_id, new_url=None, user_agent=None, target_stream_id=None, m3u_profile_id=None, stream_name=None
    ):
        """Asks for another source: an address, or a stream whose address is taken."""
        from apps.channels.models import Stream

        if not RedisClient.get_client().exists(RedisKeys.channel_metadata(channel_id)):
            return dict(NOT_FOUND)
        stream = Stream.objects.filter(pk=target_stream_id).first() if target_stream_id else None
        url = new_url or (stream.url if stream else None)
        if not url:
            return {"status": "error", "message": "A new address, or a stream that has one, is needed"}
        listeners = _publish(
            channel_id, EventType.STREAM_SWITCH, url=url, user_agent=user_agent, stream_id=target_stream_id,
            m3u_profile_id=m3u_profile_id, stream_name=stream_name or (stream.name if stream else None),
        )  # fmt: skip
        return {
            "status": "success", "message": "Stream switch request sent", "channel_id": channel_id, "url": url,
            "direct_update": False, "event_published": True, "listeners": listeners,
            "worker_id": ProxyServer.get_instance().worker_id,
        }  # fmt: skip

    @staticmethod
    def mark_channel_stopping(channel_id, broadcast=False):
        """Lets no new viewer on a channel; True unless Redis is away."""
        redis = RedisClient.get_client()
        if redis is None:
            return False
        metadata = RedisKeys.channel_metadata(channel_id)
        if redis.exists(metadata):
            redis.hset(metadata, mapping={"state": ChannelState.STOPPING, "state_changed_at": str(time.time())})
        redis.setex(RedisKeys.channel_stopping(channel_id), CHANNEL_STOP_SECONDS, "true")
        if broadcast:
            _publish(channel_id, EventType.CHANNEL_STOP)
        return True

    @staticmethod
    def is_channel_teardown_active(channel_id):
        """Whether the channel is being ended."""
        redis = RedisClient.get_client()
        if redis.exists(RedisKeys.channel_stopping(channel_id)):
            return True
        return redis.hget(RedisKeys.channel_metadata(channel_id), "state") == ChannelState.STOPPING

    @staticmethod
    def is_channel_unavailable_for_new_clients(channel_id):
        """The same question, as those ask it who would watch."""
        return ChannelService.is_channel_teardown_active(channel_id)

    @staticmethod
    def is_shutdown_pending(channel_id):
        """Whether the last viewer has left and the channel waits a while for another."""
        delay = float(CoreSettings.get_proxy_settings().get("channel_shutdown_delay") or 0)
        left = RedisClient.get_client().get(RedisKeys.last_client_disconnect(channel_id))
        return bool(left) and time.time() - float(left) < delay

    @staticmethod
    def initialize_channel(*args, **kwargs):
        """Cannot be done here; returning False, as for a source that fails, would hide why."""
        raise NotImplementedError(f"a channel cannot be started: {NOT_INCLUDED}")


def _publish(channel_id, event, **details):
    """Tells the workers of a channel; how many heard it."""
    worker = ProxyServer.get_instance().worker_id
    message = {
        "event": event, "channel_id": str(channel_id), **details, "requester": worker, "requester_worker_id": worker,
        "timestamp": time.time(),
    }  # fmt: skip
    return RedisClient.get_client().publish(RedisKeys.events_channel(channel_id), json.dumps(message))
