"""Makes a plugin to start from: manifest, settings, one action with progress, one page, and tests that pass.

The folder's name becomes the plugin's key. Nothing that exists is overwritten.
"""

import os
import re
import string
import sys

NAME, HELP = "new", "make a plugin to start from"
TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(__file__)), "templates")
#: Template -> where it goes.
FILES = {"plugin.json": "plugin.json", "plugin.py.txt": "plugin.py", "test_plugin.py.txt": "tests/test_plugin.py"}


def add_arguments(parser):
    parser.add_argument("folder", help="the plugin's folder, made here: small letters, digits and _")
    parser.add_argument("--name", help="what people read; made from the folder's name by default")
    parser.add_argument("--author", default="", help="who wrote it")


def perform(arguments):
    folder = os.path.normpath(arguments.folder)
    key = os.path.basename(folder)
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,63}", key) or key in sys.stdlib_module_names:
        print(
            f"{key!r} does not do as a plugin's name: it is also a module's, so it takes small letters, digits and _, "
            "begins with a letter, and is none of Python's own modules. Try 'my_plugin'.",
            file=sys.stderr,
        )
        return 2
    if os.path.exists(folder):
        print(f"{folder} exists already; nothing was written.", file=sys.stderr)
        return 1
    name = arguments.name or key.replace("_", " ").title()
    for source, target in FILES.items():
        path = os.path.join(folder, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(os.path.join(TEMPLATES, source), encoding="utf-8") as stream:
            text = _Template(stream.read()).substitute(key=key, name=_quoted(name), author=_quoted(arguments.author))
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        print(path)
    from ..__main__ import PROGRAM

    print(f"\nNext: {PROGRAM} test {folder}")
    return 0


class _Template(string.Template):
    delimiter = "%%"


def _quoted(text):
    """For the inside of a text in JSON or Python."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
