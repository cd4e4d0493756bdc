"""What a plugin imports from Dispatcharr and Django, and which of it is not there.

Plugins often import inside functions and swallow the error, so running them does not show it.
"""

import ast
import importlib
import json
import os
import sys

ROOTS = (
    "apps",
    "core",
    "dispatcharr",
    "version",
    "django",
    "django_celery_beat",
    "django_redis",
    "celery",
    "rest_framework",
)
#: Folders that hold no part of the plugin that runs.
APART = {"tests", "test", "tools", "scripts", "examples", "docs"}


def missing(folder):
    """Sorted `module.name` of every import below `folder` that cannot be resolved."""
    return sorted(name for name in set(_imports(folder)) if not _is_there(*name.rpartition(".")[::2]))


def _imports(folder):
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in APART and not name.startswith((".", "_"))]
        for file in files:
            if file.endswith(".py"):
                yield from _imports_of(os.path.join(path, file))


def _imports_of(file):
    with open(file, "rb") as source:
        try:
            tree = ast.parse(source.read())
        except SyntaxError:
            return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"{alias.name}." for alias in node.names if alias.name.partition(".")[0] in ROOTS)
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] in ROOTS:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")


def _is_there(module, name):
    try:
        found = importlib.import_module(module)
        return not name or hasattr(found, name) or bool(importlib.import_module(f"{module}.{name}"))
    except (ImportError, NotImplementedError):
        return False


if __name__ == "__main__":
    import django

    django.setup()
    from skirret_host.absent import explain_missing_modules

    explain_missing_modules()
    print(json.dumps(missing(sys.argv[1])))
