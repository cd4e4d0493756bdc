"""Imports one plugin, as Dispatcharr does, and calls it.

A plugin lives in a synthetic package `_dispatcharr_plugin_<key>` whose path is its folder. The name is
visible on purpose: bare `@shared_task`s register below it, and schedules in the database name them.
"""

import importlib.util
import os
import sys
import types

from . import requirements
from .absent import explain_missing_modules
from .describe import TEXTS, entry_file, manifest
from .descriptors import checked_actions, checked_fields, defaults, with_sidebar_switch
from .leader import HOOKS
from .values import as_params, as_result

PACKAGE_PREFIX = "_dispatcharr_plugin_"


class PluginLoadError(ImportError):
    """The plugin's code could not be imported or exposes no usable `Plugin`."""


def load(key, path):
    """Imports the plugin in the folder `path` and instantiates it."""
    package_name = PACKAGE_PREFIX + "".join(char if char.isalnum() or char == "_" else "_" for char in key)
    tasks_before = _task_names()
    requirements.activate(key, path)
    module = _import_first_with_plugin(key, package_name, path)
    return LoadedPlugin(key, module.Plugin(), _task_names() - tasks_before, manifest(path)[0])


def _import_first_with_plugin(key, package_name, path):
    """`plugin.py` first, then the folder's own `__init__.py`; the first with a `Plugin` wins."""
    alias = _free_alias(path)
    plugins_dir = os.path.dirname(os.path.abspath(path))
    if plugins_dir not in sys.path:
        sys.path.append(plugins_dir)
    # The package exists before its code: `__init__.py` runs in it only if `plugin.py` does not serve.
    package = _new_module(package_name, os.path.join(path, "__init__.py"), [os.path.abspath(path)], alias)
    for file, module in (("plugin.py", None), ("__init__.py", package)):
        if os.path.isfile(os.path.join(path, file)):
            module = module or _new_module(
                f"{package_name}.plugin", os.path.join(path, file), None, alias and f"{alias}.plugin"
            )
            _run_code(module, key, path)
            if hasattr(module, "Plugin"):
                return module
    raise PluginLoadError(f"{os.path.basename(entry_file(path) or 'plugin.py')} has no class Plugin")


def _run_code(module, key, path):
    """Runs a module's code; names the package that is missing, which the traceback's last line may not explain."""
    explain_missing_modules()
    try:
        module.__spec__.loader.exec_module(module)
    except ModuleNotFoundError as error:
        if error.msg != f"No module named {error.name!r}" or "." in error.name:
            raise  # it says more already, or a part is missing of a package that is there
        raise PluginLoadError(
            f"needs the Python package {error.name!r}, which the plugin host does not have. "
            f"{requirements.remedy(key, path)}"
        ) from error


def _new_module(name, file, search_path, alias):
    """A module that is importable by its name and its alias before its code has run, as Python's own are."""
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=search_path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    if alias:
        sys.modules[alias] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module


def _free_alias(path):
    """The folder's name, if a plugin may be imported by it: an identifier that means nothing else."""
    name = os.path.basename(os.path.normpath(path))
    if not name.isidentifier() or name in sys.modules or name in sys.stdlib_module_names:
        return None
    return name if importlib.util.find_spec(name) is None else None


def _task_names():
    from celery import current_app

    return set(current_app.tasks.keys())


class LoadedPlugin:
    """One plugin's instance, its declarations, and the calls it answers."""

    def __init__(self, key, instance, task_names, manifest=None):
        self.key = key
        self.instance = instance
        self.task_names = sorted(task_names)
        self._manifest = manifest or {}

    def describe(self):
        """What the plugin says of itself now; properties and callables are asked again each time."""
        ui_schema = self._declared("ui") or self._declared("ui_schema")
        fields, field_notes = checked_fields(self._declared("fields"))
        actions, action_notes = checked_actions(self._declared("actions"))
        return {
            **{name: str(self._declared(name) or "") for name in TEXTS},
            "fields": with_sidebar_switch(fields, ui_schema),
            "actions": actions,
            "ui_schema": ui_schema if isinstance(ui_schema, dict) else None,
            "tasks": self.task_names,
            "hooks": [hook for hook in HOOKS if callable(getattr(self.instance, hook, None))],
            "warnings": field_notes + action_notes,
        }

    def actions_by_id(self):
        """The declared actions as plugins get them in their context."""
        return {action["id"]: action for action in checked_actions(self._declared("actions"))[0]}

    def ui_schema(self):
        """The declared page schema, or None."""
        return self._declared("ui") or self._declared("ui_schema")

    def settings(self, saved):
        """Saved settings over the defaults of the declared fields."""
        return {**defaults(checked_fields(self._declared("fields"))[0]), **(saved or {})}

    def run(self, action, params, context):
        """One action, with the answer in the shape that the API promises."""
        return as_result(self.instance.run(action, as_params(params), context))

    def resolve(self, resource, params, context, *, enabled, allow_disabled):
        """One resource of a plugin's page; a class without a resolver is asked by `run`."""
        if not enabled and not allow_disabled:
            raise PermissionError(f"Plugin '{self.key}' is disabled")
        resolver = getattr(self.instance, "resolve_ui_resource", None)
        if callable(resolver):
            return resolver(resource, as_params(params), context)
        if not enabled:
            raise PermissionError(f"Plugin '{self.key}' is disabled and cannot resolve resource '{resource}'")
        return self.instance.run(resource, as_params(params), context)

    def stop(self, context):
        """The plugin's own farewell: `stop(context)`, `stop()`, or an action named stop."""
        stop = getattr(self.instance, "stop", None)
        if callable(stop):
            try:
                return as_result(stop(context))
            except TypeError:
                return as_result(stop())
        if "stop" in self.actions_by_id():
            return self.run("stop", {}, context)
        return {"status": "ok"}

    def _declared(self, name):
        """An attribute, a property, or a method without arguments; what is empty is taken from plugin.json."""
        value = getattr(self.instance, name, None)
        if isinstance(value, (types.MethodType, types.FunctionType)):
            value = value()
        return value or self._manifest.get(name)
