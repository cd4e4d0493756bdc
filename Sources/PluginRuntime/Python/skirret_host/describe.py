"""Lists plugins without running a line of them: `python -m skirret_host.describe DIRECTORY`.

Prints one JSON object, {"plugins": [...]}. Reads `plugin.json`, and what it lacks from the literal
attributes of `class Plugin` in the syntax tree. Code of a plugin that nobody enabled is never
imported, so whatever is not a literal stays unknown until the plugin runs.
"""

import ast
import copy
import functools
import hashlib
import json
import math
import os
import stat
import sys
import warnings

from . import requirements
from .descriptors import checked_actions, checked_fields, with_sidebar_switch
from .leader import HOOKS

TEXTS = ("name", "version", "description", "author", "help_url")
DECLARED = (*TEXTS, "fields", "actions", "ui", "ui_schema")
ENTRY_FILES = ("plugin.py", "__init__.py")

#: Bytes of one source file. The largest public plugin is a fifth of it.
MAX_SOURCE = 4 * 1024 * 1024
MAX_MANIFEST = 1024 * 1024
#: What decides how a plugin behaves once imported. Data files beside it are its own to rewrite.
CODE_SUFFIXES = (".py", ".so", ".pyd")
MAX_FILES = 20_000


def describe_directory(root):
    """One description per plugin folder below `root`, in the order of their names."""
    plugins, keys = [], {}
    for folder in sorted(os.listdir(root)) if os.path.isdir(root) else ():
        path = os.path.join(root, folder)
        if not _is_plugin_name(folder) or entry_file(path) is None:
            continue
        plugin = describe_plugin(path)
        if plugin["key"] in keys:
            first = keys[plugin["key"]]
            first["warnings"].append(f"folder {folder!r} has the same key and is ignored; rename it")
            continue
        keys[plugin["key"]] = plugin
        plugins.append(plugin)
    return plugins


def describe_plugin(path):
    """What is known of the plugin in the folder `path`; `load_error` says why less is known than could be."""
    description = copy.deepcopy(_described(path, fingerprint(path)))
    packages = description["requirements"] = requirements.state(description["key"], path)
    if packages["state"] == "ready":
        # The same code with its packages is another generation: the process that lacked them does not serve it.
        description["fingerprint"] += "+packages"
    return description


@functools.lru_cache(maxsize=512)
def _described(path, mark):
    """The description of the code with the fingerprint `mark`: reading it costs a hundred times the looking."""
    from_file, notes = manifest(path)
    declared, load_error = _declared_in_code(path)
    hooks = declared.pop("hooks", [])
    known = {**declared, **(from_file or {})}
    ui_schema = known.get("ui") or known.get("ui_schema")
    fields, field_notes = checked_fields(known.get("fields"))
    actions, action_notes = checked_actions(known.get("actions"))
    folder = os.path.basename(os.path.normpath(path))
    texts = {name: known[name] if isinstance(known.get(name), str) else "" for name in TEXTS}
    return {
        "key": folder.replace(" ", "_").lower(),
        "path": os.path.abspath(path),
        **texts,
        "name": texts["name"] or folder,
        "fields": with_sidebar_switch(fields, ui_schema),
        "actions": actions,
        "ui_schema": ui_schema if isinstance(ui_schema, dict) else None,
        "hooks": hooks,
        "legacy": from_file is None,
        "logo": os.path.isfile(os.path.join(path, "logo.png")),
        "load_error": load_error,
        "warnings": [*notes, *field_notes, *action_notes],
        "fingerprint": mark,
    }


def _is_plugin_name(folder):
    """Not a hidden folder, not the copy an update keeps of the old version, and a name that is text."""
    return folder.isprintable() and not folder.startswith(".") and not folder.endswith(".__backup__")


def entry_file(path):
    """The file that makes a folder a plugin, or None."""
    candidates = (os.path.join(path, name) for name in ENTRY_FILES)
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)


def fingerprint(path):
    """Changes when the plugin's code or manifest does; cheap enough to ask often."""
    digest, count = hashlib.sha256(), 0
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        for name in sorted(files):
            if not name.endswith(CODE_SUFFIXES) and name not in ("plugin.json", "logo.png", "requirements.txt"):
                continue
            count += 1
            if count > MAX_FILES:
                return digest.hexdigest()
            file = os.path.join(folder, name)
            try:
                info = os.stat(file)
            except OSError:
                continue  # a dangling link, or gone since it was listed: then it is not code we run
            line = f"{os.path.relpath(file, path)}\0{info.st_size}\0{info.st_mtime_ns}\n"
            digest.update(os.fsencode(line))
    return digest.hexdigest()


def manifest(path):
    """(the usable part of plugin.json or None, notes)."""
    file = os.path.join(path, "plugin.json")
    if not os.path.lexists(file):
        return None, []
    try:
        content = json.loads(_read(file, MAX_MANIFEST), parse_constant=_refuse_constant)
        if not isinstance(content, dict):
            raise ValueError("expected an object")
    except (OSError, ValueError, RecursionError) as error:
        return None, [f"plugin.json: {error}"]
    usable = {name: _as_json(value) for name, value in content.items() if name in DECLARED and value}
    return {name: value for name, value in usable.items() if name not in TEXTS or isinstance(value, str)}, []


def _declared_in_code(path):
    """(literal attributes of `class Plugin`, why the code cannot be read or None)."""
    file = entry_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(_read(file, MAX_SOURCE), filename=os.path.basename(file))
    except SyntaxError as error:
        return {}, f"{os.path.basename(file)}, line {error.lineno}: {error.msg}"
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        return {}, f"{os.path.basename(file)}: {error or type(error).__name__}"
    constants = _plain_constants(tree.body)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Plugin":
            methods = {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)}
            return {**_literals(node.body, constants), "hooks": [hook for hook in HOOKS if hook in methods]}, None
    return {}, None


def _literals(body, constants):
    attributes = {}
    for name, value in _assignments(body):
        if name not in DECLARED:
            continue
        try:
            attributes[name] = _as_json(ast.literal_eval(_Constants(constants).visit(value)))
        except (ValueError, TypeError, RecursionError, MemoryError):
            attributes.pop(name, None)  # computed: known only once the plugin runs
    return attributes


def _assignments(body):
    """(name, value) of `name = value` and `name: type = value`."""
    for node in body:
        if isinstance(node, ast.Assign):
            yield from ((one.id, node.value) for one in node.targets if isinstance(one, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _plain_constants(body):
    """Module-level texts and numbers, as in `VERSION = "1.2"`; containers are not followed, so nothing grows."""
    return {name: value for name, value in _assignments(body) if isinstance(value, ast.Constant)}


class _Constants(ast.NodeTransformer):
    """Puts a module's plain constants where a class names them: `version = VERSION`."""

    def __init__(self, constants):
        self._constants = constants

    def visit_Name(self, node):
        return self._constants.get(node.id, node)


def _as_json(value):
    """`value` if JSON can carry it, with tuples as lists; ValueError if not."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _as_json(item) for key, item in value.items()}
    raise ValueError(f"a {type(value).__name__} is not JSON")


def _read(file, limit):
    """The bytes of a regular file of at most `limit` bytes; a pipe or a device is not opened."""
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise ValueError("not a regular file")
    with open(file, "rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"larger than {limit // 1024} KiB")
    return data


def _refuse_constant(name):
    raise ValueError(f"{name} is not a JSON number")


def main(arguments):
    """Prints the description of every plugin in the directory given."""
    if len(arguments) != 1:
        sys.exit("usage: python -m skirret_host.describe DIRECTORY")
    print(json.dumps({"plugins": describe_directory(arguments[0])}, allow_nan=False))


if __name__ == "__main__":
    main(sys.argv[1:])
