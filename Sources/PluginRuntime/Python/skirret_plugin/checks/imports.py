"""Whether the plugin host has what a plugin imports."""

import ast
import importlib.util
import os
import re
import sys

from skirret_host import absent, requirements

from ..place import SOURCES
from .code import FUNCTIONS, parse
from .findings import Place, near

OURS = frozenset(absent.OURS) | absent.OTHERS.keys()
#: Modules whose package has another name.
PACKAGES = {
    "PIL": "Pillow", "yaml": "PyYAML", "bs4": "beautifulsoup4", "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn", "Crypto": "pycryptodome", "jwt": "PyJWT", "telegram": "python-telegram-bot",
}  # fmt: skip


def check_imports(folder, entry, findings):
    """Every import of every file: whether the host has it, brings it, or says why it is not there.

    What the entry file cannot import is an error; another file may never be imported.
    """
    try:
        lines = requirements.read(folder)
    except requirements.RequirementsError as error:
        findings.error(requirements.FILE, str(error))
        lines = []
    imports = _Imports(folder, {_normal(re.match(r"[\w.-]+", line)[0]) for line in lines}, findings)
    for file in sorted(_sources(folder), key=lambda file: (file != entry, file)):
        tree = parse(os.path.join(folder, file), file, findings, is_entry=file == entry)
        for node, guarded in _imports(tree) if tree else ():
            for module in _modules(node):
                imports.check(module, guarded or file != entry, Place(file, {(): node.lineno}))


def _sources(folder):
    """The Python files that are not tests, relative to the folder."""
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__")) and name not in ("tests", "test")]
        for name in files:
            if name.endswith(".py") and not name.startswith("test_"):
                yield os.path.relpath(os.path.join(root, name), folder)


def _imports(tree):
    """(node, whether its failing is provided for) of every import outside `if TYPE_CHECKING`."""
    stack = [(tree, False)]
    while stack:
        node, guarded = stack.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, guarded
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            stack += [(one, guarded) for one in node.orelse]
            continue
        in_try = isinstance(node, ast.Try) and any(_catches_import(handler) for handler in node.handlers)
        # What is imported inside a function fails when it is called: the plugin loads without it.
        inner = guarded or in_try or isinstance(node, FUNCTIONS)
        stack += [(one, inner) for one in ast.iter_child_nodes(node)]


def _catches_import(handler):
    caught = ast.dump(handler.type) if handler.type else "Exception"
    return any(name in caught for name in ("ImportError", "ModuleNotFoundError", "Exception"))


def _modules(node):
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    return [node.module] if node.level == 0 and node.module else []


class _Imports:
    """Says each module that is missing once, where it is met first."""

    def __init__(self, folder, named, findings):
        self._own = {os.path.splitext(name)[0] for name in os.listdir(folder)} | {os.path.basename(folder)}
        self._named, self._findings, self._said = named, findings, set()

    def check(self, module, may_fail, place):
        """One import; `may_fail` says that the plugin can be loaded without it."""
        problem = self._problem(module)
        subject = module if module.partition(".")[0] in OURS else module.partition(".")[0]
        if problem and subject not in self._said:
            self._said.add(subject)
            say = self._findings.warn if may_fail else self._findings.error
            say(place, f"imports {module}{problem[0]}", problem[1])

    def _problem(self, module):
        """(what is wrong, remedy), or None."""
        first = module.partition(".")[0]
        if first in OURS:
            path = os.path.join(SOURCES, *module.split("."))
            if os.path.isfile(f"{path}.py") or os.path.isdir(path):
                return None
            routes = absent.ROUTES & set(module.split("."))
            return f": {absent.OTHERS.get(first) or (absent.NO_ROUTES if routes else absent.NOT_OFFERED)}", ""
        package = PACKAGES.get(first, first)
        if first in sys.stdlib_module_names or first in self._own or first == "skirret_plugin":
            return None
        if {_normal(first), _normal(package)} & self._named or importlib.util.find_spec(first) is not None:
            return None
        return ", which the plugin host does not have.", f"{_near_miss(first)}List {package} in {requirements.FILE}."


def _near_miss(name):
    """`Did you mean 'requests'? If not: `, when the host has a module of a similar name."""
    known = (
        "requests",
        "rapidfuzz",
        "regex",
        "lxml",
        "psutil",
        "yaml",
        "pytz",
        "dateutil",
        "django",
        "celery",
        "redis",
    )
    hint = near(name, known, "The host has")
    return f"{hint} If not: " if hint.startswith("Did you mean") else ""


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()
