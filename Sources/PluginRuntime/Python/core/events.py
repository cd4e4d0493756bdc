"""System events: kept in the database, and told to the plugins that listen."""

import json
import logging

from django.db import DatabaseError, transaction
from kombu.exceptions import OperationalError
from skirret_host.frames import MAX_EVENT, encode

logger = logging.getLogger(__name__)

#: Seconds. Nobody waits for a hook, so it may take as long as a refresh, which is what hooks follow.
HOOK_SECONDS = 3600


def log_system_event(event_type, channel_id=None, channel_name=None, **details):
    """Keeps an event in the system's log, of the newest `max_system_events`, and tells plugins. Never raises."""
    from core.models import CoreSettings, SystemEvent

    try:
        with transaction.atomic():
            SystemEvent.objects.create(
                event_type=event_type[:50], channel_id=channel_id or None, channel_name=channel_name, details=details
            )
            keep = CoreSettings.get_max_system_events()
            surplus = SystemEvent.objects.order_by("-timestamp", "-id").values_list("id", flat=True)[keep:]
            SystemEvent.objects.filter(id__in=list(surplus)).delete()
    except (DatabaseError, TypeError, ValueError):  # an event that cannot be kept must not stop what it reports
        logger.exception("system event %r not kept", event_type)
    dispatch_event_system(event_type, channel_id, channel_name, **details)


def dispatch_event_system(event_type, channel_id=None, channel_name=None, **details):
    """Runs the actions of enabled plugins that listen to an event, each on the queue. Never raises.

    Sent when the transaction that goes on is committed: a plugin must find the rows it is told of.
    """
    try:
        payload = json.loads(encode(event_payload(channel_id, channel_name, details), "payload", MAX_EVENT))
        transaction.on_commit(lambda: _tell_plugins(event_type, payload), robust=True)
    except (DatabaseError, TypeError, ValueError):
        logger.exception("event %r not told to plugins", event_type)


def event_payload(channel_id, channel_name, details):
    """What a plugin is told: the details, and what is known of the channel. Whatever is empty is left out."""
    from apps.channels.models import Channel, Stream
    from apps.m3u.models import M3UAccountProfile

    from core.redis_client import RedisClient

    channel = Channel.objects.filter(uuid=channel_id).first() if channel_id else None
    payload = {**details, "channel_name": channel.name if channel else channel_name}
    redis = RedisClient.get_client(max_retries=1) if channel else None
    stream_id = details.get("stream_id") or (redis.get(f"channel_stream:{channel.pk}") if redis else None)
    stream = Stream.objects.select_related("m3u_account").filter(pk=stream_id).first() if stream_id else None
    if stream:
        payload.update(stream_name=stream.name, stream_url=stream.url, channel_url=stream.url)
        payload["provider_name"] = stream.m3u_account.name if stream.m3u_account else None
        profile_id = redis.get(f"stream_profile:{stream.pk}") if redis else None
        profile = M3UAccountProfile.objects.filter(pk=profile_id).first() if profile_id else None
        payload["profile_used"] = profile.name if profile else None
    return {name: value for name, value in payload.items() if value}


def _tell_plugins(event_type, payload):
    from apps.plugins.loader import PluginManager
    from dispatcharr.celery import app

    for key, action in PluginManager.get().iter_actions_for_event(event_type):
        try:
            arguments = [key, action, {"event": event_type, "payload": payload}, {}]
            app.send_task("skirret.plugins.run_action", args=arguments, time_limit=HOOK_SECONDS)
        except (OperationalError, TypeError, ValueError):  # Redis is away, or the payload is not JSON
            logger.exception("plugin %s not told of the event %s", key, event_type)
