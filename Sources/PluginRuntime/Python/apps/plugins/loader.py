"""`PluginManager`, as plugins know it: the list of plugins, and their actions.

A plugin's own actions run in its own process; those of another plugin run in that one's, through the queue.
"""

import os
import threading

from dispatcharr.celery import app
from skirret_host import current

from apps.plugins.models import PluginConfig


class PluginManager:
    """The plugins of this installation, seen from inside one of them."""

    _instance = None
    _lock = threading.Lock()

    @classmethod
    def get(cls):
        """The one manager of this process."""
        with cls._lock:
            if cls._instance is None:
                cls._instance = cls()
            return cls._instance

    def discover_plugins(self, sync_db=True, force_reload=False, use_cache=False):
        """The plugins on disk by key. Nothing is imported: the server decides what runs, and when."""
        from skirret_host.describe import describe_directory

        found = describe_directory(os.environ.get("DISPATCHARR_PLUGINS_DIR", "/data/plugins"))
        return {plugin["key"]: plugin for plugin in found}

    def list_plugins(self):
        """Every plugin on disk or in the database, with its switch and its settings."""
        rows = {row.key: row for row in PluginConfig.objects.all()}
        found = self.discover_plugins(use_cache=True)
        return [_listed(key, found.get(key), rows.get(key)) for key in sorted(found.keys() | rows.keys())]

    def get_plugin(self, key):
        """One entry of `list_plugins`, or None."""
        return next((plugin for plugin in self.list_plugins() if plugin["key"] == key), None)

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

    def stop_plugin(self, key, reason):
        """Lets a plugin say goodbye; True if it was asked."""
        app.send_task("skirret.plugins.stop", args=[key, reason]).get(disable_sync_subtasks=False)
        return True

    def iter_actions_for_event(self, event_name):
        """(key, action id) of every enabled plugin's actions that listen to an event."""
        for plugin in self.list_plugins():
            for action in plugin["actions"] if plugin["enabled"] else ():
                if event_name in action.get("events", ()):
                    yield plugin["key"], action["id"]


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
