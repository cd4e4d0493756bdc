"""The helpers that plugins import from Dispatcharr: Redis, messages to open browsers, locks, events."""

import gc
import json
import logging
import os
import re
import resource
import threading
import time
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from dispatcharr.redis_urls import client_url
from skirret_host import current
from version import dispatcharr_user_agent

from core.locks import TaskLockRenewer, acquire_task_lock, is_task_lock_held, release_task_lock

__all__ = (
    "RedisClient", "TaskLockRenewer", "acquire_task_lock", "cleanup_memory", "custom_properties_as_dict",
    "dispatcharr_http_headers", "dispatcharr_user_agent", "ensure_custom_properties_dict", "get_memory_usage",
    "is_task_lock_held", "log_system_event", "natural_sort_key", "release_task_lock", "safe_upload_path",
    "send_notification_dismissed", "send_websocket_event", "send_websocket_notification",
    "send_websocket_update", "send_websocket_update_sync", "validate_flexible_url",
)  # fmt: skip

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

    @classmethod
    def _connected(cls, kind, attempts, pause, **options):
        with cls._lock:
            client = cls._clients.get(kind)
            if client is None:
                options = {"socket_connect_timeout": 1, "socket_timeout": 2, **options}
                client = redis.Redis.from_url(client_url(settings.BROKER_URL), **options)
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


# Messages to open browsers


def send_websocket_update(group_name, event_type, data, collect_garbage=False):
    """Tells every client of the `updates` topic: `("updates", "update", {"type": ..., ...})`. Never raises."""
    if (group_name, event_type) != ("updates", "update"):
        logger.warning("websocket message for group %r, type %r has no listeners", group_name, event_type)
    elif not isinstance(data, dict):
        logger.warning("websocket message ignored: expected an object, got a %s", type(data).__name__)
    else:
        current.publish_update(data)
    if collect_garbage:
        gc.collect()


def send_websocket_update_sync(group_name, event_type, data):
    """The same; there is one way to send here."""
    send_websocket_update(group_name, event_type, data)


def send_websocket_event(event, success, data):
    """An update of type `event`, with how it went."""
    send_websocket_update("updates", "update", {"success": success, "type": event, **(data or {})})


def send_websocket_notification(notification):
    """Shows a notification, given as `SystemNotification` or as a dict of its fields."""
    if not isinstance(notification, dict):
        names = (
            "id", "notification_key", "notification_type", "priority", "title", "message", "action_data",
            "is_active", "admin_only", "created_at",
        )  # fmt: skip
        notification = {name: getattr(notification, name, None) for name in names}
    send_websocket_update("updates", "update", {"type": "system_notification", "notification": notification})


def send_notification_dismissed(notification_key):
    """Takes a notification off every screen."""
    data = {"type": "notification_dismissed", "notification_key": notification_key}
    send_websocket_update("updates", "update", data)


# Events


def log_system_event(event_type, channel_id=None, channel_name=None, **details):
    """Keeps an event in the system's log, which holds the newest `max_system_events`. Never raises."""
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


# Small values


def natural_sort_key(text):
    """Sorts "Channel 9" before "Channel 10"."""
    return [int(part) if part.isdigit() else part.lower() for part in re.split(r"([0-9]+)", str(text))]


def custom_properties_as_dict(value):
    """A dict from a JSON column that may hold one, JSON text of one, or nothing."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            logger.warning("custom properties are not JSON and count as none: %.80r", value)
    return value if isinstance(value, dict) else {}


ensure_custom_properties_dict = custom_properties_as_dict


def validate_flexible_url(value):
    """Accepts web and streaming addresses, also of hosts without a dot; `ValidationError` for anything else."""
    parts = urlsplit(value or "")
    schemes = ("http", "https", "rtsp", "rtp", "rtmp", "udp", "ftp")
    try:
        usable = not value or (parts.scheme in schemes and parts.hostname and (parts.port or True))
    except ValueError:  # a port that is no number
        usable = False
    if not usable:
        raise ValidationError(f"{value!r} is not the address of a stream; expected {', '.join(schemes)}")


def safe_upload_path(filename, base_dir):
    """The path of `filename` directly inside `base_dir`, or `ValueError` if it would leave it."""
    name = os.path.basename(filename.replace("\\", "/"))
    if name in ("", ".", "..") or "\0" in name:
        raise ValueError(f"{filename!r} is not the name of a file")
    return os.path.join(os.path.realpath(base_dir), name)


def dispatcharr_http_headers(*, token=None, content_type="application/json", route_to=None):
    """Headers of an outgoing request; `token` and `route_to` are Schedules Direct's."""
    headers = {"User-Agent": dispatcharr_user_agent()}
    optional = {"Content-Type": content_type, "token": token, "RouteTo": route_to}
    return {**headers, **{name: value for name, value in optional.items() if value}}


def get_memory_usage():
    """MiB of memory this process uses now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1048576


def cleanup_memory(log_usage=False, force_collection=True):
    """Collects garbage."""
    if force_collection:
        gc.collect()
    if log_usage:
        logger.info("%.1f MiB in use", get_memory_usage())
