"""Settings, profiles, user agents, system events and notifications.

Every model of this tree is `managed = False`: the tables are created and migrated by
Skirret, in the shape that Django would give them.
"""

from core.settings_groups import (
    BACKUP_SETTINGS_KEY,
    DVR_SETTINGS_KEY,
    EPG_SETTINGS_KEY,
    NETWORK_ACCESS_KEY,
    PLUGIN_REPO_SETTINGS_KEY,
    PROXY_SETTINGS_KEY,
    SETTINGS_GROUPS,
    STREAM_SETTINGS_KEY,
    SYSTEM_SETTINGS_KEY,
    USER_LIMITS_SETTINGS_KEY,
)

from .events import SystemEvent
from .notifications import NotificationDismissal, SystemNotification
from .profiles import PROXY_PROFILE_NAME, REDIRECT_PROFILE_NAME, OutputProfile, StreamProfile
from .settings import CoreSettings
from .user_agents import UserAgent

__all__ = (
    "BACKUP_SETTINGS_KEY", "DVR_SETTINGS_KEY", "EPG_SETTINGS_KEY", "NETWORK_ACCESS_KEY", "PLUGIN_REPO_SETTINGS_KEY",
    "PROXY_PROFILE_NAME", "PROXY_SETTINGS_KEY", "REDIRECT_PROFILE_NAME", "SETTINGS_GROUPS", "STREAM_SETTINGS_KEY",
    "SYSTEM_SETTINGS_KEY", "USER_LIMITS_SETTINGS_KEY", "CoreSettings", "NotificationDismissal", "OutputProfile",
    "StreamProfile", "SystemEvent", "SystemNotification", "UserAgent",
)  # fmt: skip
