"""`PluginManager`, as plugins know it: the list of plugins, and their actions.

A plugin's own actions run in its own process; those of another plugin run in that one's, through the queue.
"""

import json
import logging
import os
import threading
from dataclasses import dataclass, field

from core.redis_client import RedisClient
from dispatcharr.celery import app
from redis import RedisError
from skirret_host import current

from apps.plugins.models import PluginConfig

logger = logging.getLogger(__name__)

#: Hash of the API: plugin -> {"fingerprint", "description"}, what its loaded code last said of itself.
DESCRIPTIONS = "skirret:api:plugins:described"


@dataclass
class LoadedPlugin:
    """What one plugin knows of another: what it declares. Only one's own `instance` is in this process."""

    key: str
    name: str
    version: str = ""
    description: str = ""
    author: str = ""
    help_url: str = ""
    module: object = None
    instance: object = None
    fields: list = field(default_factory=list)
    actions: list = field(default_factory=list)
    trusted: bool = False
    loaded: bool = False
    path: str | None = None
    folder_name: str | None = None
    legacy: bool = False


class PluginManager:
    """The plugins of this installation, seen from inside one of them."""

    _instance = None
    _lock = threading.Lock()

    def __init__(self):
        self.plugins_dir = os.environ.get("DISPATCHARR_PLUGINS_DIR", "/data/plugins")

    @classmethod
    def get(cls):
        """The one manager of this process."""
        with cls._lock:
            if cls._instance is None:
                cls._instance = cls()
            return cls._instance

    def discover_plugins(self, sync_db=True, force_reload=False, use_cache=False):
        """The plugins on disk by key. Nothing is imported: the server decides what runs, and when."""
        rows = {row.key: row for row in PluginConfig.objects.all()}
        return {key: _loaded(found, rows.get(key)) for key, found in self._on_disk().items()}

    def list_plugins(self):
        """Every plugin on disk or in the database, with its switch and its settings."""
        rows = {row.key: row for row in PluginConfig.objects.all()}
        found = self._on_disk()
        return [_listed(key, found.get(key), rows.get(key)) for key in sorted(found.keys() | rows.keys())]

    def get_plugin(self, key):
        """One plugin of `discover_plugins`, or None."""
        return self.discover_plugins().get(key)

    def update_settings(self, key, settings):
        """Replaces a plugin's saved settings; returns them."""
        row = PluginConfig.objects.get(key=key)
        row.settings = settings or {}
        row.save(update_fields=["settings", "updated_at"])
        return row.settings

    def _on_disk(self):
        """Descriptions by key; this process's own plugin as it describes itself now."""
        from skirret_host.describe import describe_directory

        try:
            found = {plugin["key"]: plugin for plugin in describe_directory(self.plugins_dir)}
        except PermissionError:
            found = self._in_sight()
        own = current.host
        if own is not None and own.loaded is not None and own.key in found:
            about = own.loaded.describe()
            found[own.key] |= {name: about[name] for name in ("fields", "actions", "ui_schema")}
        return found

    def _in_sight(self):
        """What a plugin in the sandbox knows of others: no folder, but what their loaded code said of itself."""
        from skirret_host.describe import TEXTS, describe_plugin

        found = {}
        for key, said in _last_descriptions().items():
            about = said["description"]
            place = {"key": key, "path": os.path.join(self.plugins_dir, key), "fingerprint": said["fingerprint"]}
            texts = {name: about.get(name) or "" for name in TEXTS}
            declared = {name: about.get(name) or [] for name in ("fields", "actions")}
            known = {"ui_schema": about.get("ui_schema"), "legacy": False, "load_error": None}
            found[key] = {**place, **texts, **declared, **known}
        if current.host is not None:
            found[current.host.key] = describe_plugin(current.host.path)
        return found

    def run_action(self, key, action_id, params=None):
        """Runs an action and returns its answer; waits for it when another plugin is asked."""
        row = PluginConfig.objects.filter(key=key).first()
        if row is None:
            raise ValueError(f"Plugin '{key}' not found")
        if not row.enabled:
            raise PermissionError(f"Plugin '{key}' is disabled")
        if current.host is not None and current.host.key == key:
            return current.host.run_here(action_id, params, row)
        sent = app.send_task("skirret.plugins.run_action", args=[key, action_id, params or {}, {}])
        return sent.get(disable_sync_subtasks=False)

    def stop_plugin(self, key, reason=None):
        """Lets a plugin say goodbye; True if it was asked."""
        app.send_task("skirret.plugins.stop", args=[key, reason or "disable"]).get(disable_sync_subtasks=False)
        return True

    def stop_all_plugins(self, reason=None):
        """Lets every enabled plugin say goodbye; how many were asked."""
        keys = [plugin["key"] for plugin in self.list_plugins() if plugin["enabled"] and not plugin["missing"]]
        return sum(self.stop_plugin(key, reason) for key in keys)

    def iter_actions_for_event(self, event_name):
        """(key, action id) of every enabled plugin's actions that listen to an event."""
        enabled = PluginConfig.objects.filter(enabled=True).order_by("key").values_list("key", flat=True)
        found, said = self._on_disk(), _last_descriptions()
        for key in enabled:
            for action in _current_actions(found.get(key), said.get(key)):
                if event_name in action.get("events", ()):
                    yield key, action["id"]


def _last_descriptions():
    """What loaded plugins said of themselves, by key: also actions that are computed, and of folders closed to us."""
    try:
        redis = RedisClient.get_client(max_retries=1)
        return {key: json.loads(said) for key, said in (redis.hgetall(DESCRIPTIONS) if redis else {}).items()}
    except (RedisError, ValueError):
        logger.exception("computed actions of plugins are not known")
        return {}


def _current_actions(found, said):
    """The actions of loaded code, if it is the code that lies there as far as we may look; else those read from it."""
    own = current.host is not None and found is not None and current.host.key == found["key"]
    readable = found is not None and not found["load_error"]
    if own or not said or (readable and said["fingerprint"] != found["fingerprint"]):
        return found["actions"] if found else ()
    return said["description"].get("actions") or ()


def _loaded(found, row):
    enabled = bool(row and row.enabled)
    own = current.host.loaded if current.host is not None and current.host.key == found["key"] else None
    return LoadedPlugin(
        **{name: found[name] for name in ("key", "name", "version", "description", "author", "help_url")},
        **{name: found[name] for name in ("fields", "actions", "path", "legacy")},
        folder_name=os.path.basename(found["path"]),
        instance=own and own.instance,
        trusted=bool(row and (row.ever_enabled or row.enabled)),
        loaded=enabled and not found["load_error"],
    )


def _listed(key, found, row):
    known = found or {"name": row.name, "version": row.version, "description": row.description}
    enabled, ever_enabled = (row.enabled, row.ever_enabled) if row else (False, False)
    return {
        "key": key,
        **{name: known.get(name, "") for name in ("name", "version", "description", "author", "help_url")},
        "fields": known.get("fields", []),
        "actions": known.get("actions", []),
        "ui_schema": known.get("ui_schema"),
        "enabled": enabled,
        "ever_enabled": ever_enabled,
        "settings": row.settings if row else {},
        "missing": found is None,
    }
