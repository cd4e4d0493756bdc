"""What plugins import from Dispatcharr: Redis, messages to open browsers, locks, events, and small helpers."""

import gc
import logging

from skirret_host import current
from version import dispatcharr_user_agent

from core.events import dispatch_event_system, log_system_event
from core.locks import TaskLockRenewer, acquire_task_lock, is_task_lock_held, release_task_lock
from core.redis_client import RedisClient
from core.values import (
    build_absolute_uri_with_port,
    cleanup_memory,
    custom_properties_as_dict,
    dispatcharr_dvr_user_agent,
    dispatcharr_http_headers,
    ensure_custom_properties_dict,
    get_host_and_port,
    get_memory_usage,
    is_protected_path,
    monitor_memory_usage,
    natural_sort_key,
    resolve_safe_local_data_path,
    safe_upload_path,
    trim_c_allocator_heap,
    validate_flexible_url,
)

__all__ = (
    "RedisClient", "TaskLockRenewer", "acquire_task_lock", "build_absolute_uri_with_port", "cleanup_memory",
    "custom_properties_as_dict", "dispatch_event_system", "dispatcharr_dvr_user_agent", "dispatcharr_http_headers",
    "dispatcharr_user_agent", "ensure_custom_properties_dict", "get_host_and_port", "get_memory_usage",
    "is_protected_path", "is_task_lock_held", "log_system_event", "monitor_memory_usage", "natural_sort_key",
    "release_task_lock", "resolve_safe_local_data_path", "safe_upload_path", "send_notification_dismissed",
    "send_websocket_event", "send_websocket_notification", "send_websocket_update", "send_websocket_update_sync",
    "trim_c_allocator_heap", "validate_flexible_url",
)  # fmt: skip

logger = logging.getLogger(__name__)


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
