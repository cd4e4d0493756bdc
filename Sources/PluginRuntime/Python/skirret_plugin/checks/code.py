"""The plugin's Python: whether it can be read, has a class that can be called, and imports what is there."""

import ast
import importlib.util
import os
import re
import sys

from skirret_host import absent, requirements
from skirret_host.describe import DECLARED

from ..place import SOURCES
from .findings import Place, near
from .positions import UNKNOWN, lines_of, value_of

#: method -> (arguments after self, what it is called with).
METHODS = {
    "run": (3, "(self, action, params, context)"),
    "resolve_ui_resource": (3, "(self, resource, params, context)"),
}
OURS = frozenset(absent.OURS) | absent.OTHERS.keys()
#: Modules whose package has another name.
PACKAGES = {
    "PIL": "Pillow", "yaml": "PyYAML", "bs4": "beautifulsoup4", "cv2": "opencv-python-headless", "dateutil": "python-dateutil",
    "sklearn": "scikit-learn", "Crypto": "pycryptodome", "jwt": "PyJWT", "telegram": "python-telegram-bot",
}  # fmt: skip
GEVENT = "its greenlets never run here: calls have threads of their own, and nothing turns gevent's loop."


class Code:
    """The entry file's syntax tree."""

    def __init__(self, folder, file, findings):
        self.folder, self.file, self.findings = folder, file, findings
        self.tree = parse(os.path.join(folder, file), file, findings)
        body = self.tree.body if self.tree else []
        self.plugin = next((one for one in body if isinstance(one, ast.ClassDef) and one.name == "Plugin"), None)
        self.constants = {
            target.id: one.value for one in body if isinstance(one, ast.Assign)
            for target in one.targets if isinstance(target, ast.Name)
        }  # fmt: skip

    def declared(self):
        """(values, {path: line}) of what the class declares; what is computed is `UNKNOWN`."""
        values, lines = {}, {}
        for node in self.plugin.body if self.plugin else ():
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in DECLARED:
                values[node.name], lines[(node.name,)] = UNKNOWN, node.lineno
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if _assigns(node) else []
            for target in targets:
                if isinstance(target, ast.Name) and target.id in DECLARED:
                    literal = self._followed(node.value)
                    values[target.id] = value_of(literal, self.constants)
                    lines |= lines_of(literal, (target.id,))
                    lines[(target.id,)] = node.lineno
        return values, lines

    def _followed(self, node):
        """`fields = FIELDS` has its lines where FIELDS is written."""
        return self.constants.get(node.id, node) if isinstance(node, ast.Name) else node

    def methods(self):
        """The class's own methods by name."""
        return {one.name: one for one in self.plugin.body if isinstance(one, FUNCTIONS)} if self.plugin else {}

    def check(self):
        """What the host will stumble over when it calls the class."""
        if self.tree is None:
            return
        if self.plugin is None:
            names = {name for node in self.tree.body for name in _bound(node)}
            if "Plugin" not in names:
                self.findings.error(self.file, "has no class Plugin.", "The host makes one Plugin() and calls its run().")
            return
        methods = self.methods()
        if "run" not in methods and not self.plugin.bases:
            place = Place(self.file, {(): self.plugin.lineno})
            self.findings.error(place, "class Plugin has no run().", "Add def run(self, action, params, context): …")
        for name, method in methods.items():
            self._check_method(name, method)

    def _check_method(self, name, method):
        place = Place(self.file, {(): method.lineno})
        if isinstance(method, ast.AsyncFunctionDef) and (name in METHODS or name in ("stop", *DECLARED)):
            text = f"{name} is a coroutine, and nobody awaits it."
            return self.findings.error(place, text, f"Write def {name}, and asyncio.run(…) inside.")
        given, shape = METHODS.get(name, (0, "(self)"))
        if name not in METHODS and name != "__init__":
            return
        arguments = method.args
        positional = len(arguments.posonlyargs) + len(arguments.args) - 1
        required = positional - len(arguments.defaults)
        keywords = [one for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if not default]
        if required > given or keywords or (positional < given and not arguments.vararg):
            self.findings.error(place, f"{name} is called with {given} arguments and takes {positional}.", f"Write {shape}.")


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _assigns(node):
    return isinstance(node, ast.AnnAssign) and node.value is not None


def _bound(node):
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(one.asname or one.name) for one in node.names]
    if isinstance(node, ast.Assign):
        return [one.id for one in node.targets if isinstance(one, ast.Name)]
    inner = [*getattr(node, "body", []), *getattr(node, "orelse", []), *getattr(node, "handlers", [])]
    return [name for one in inner if isinstance(node, (ast.If, ast.Try, ast.ExceptHandler)) for name in _bound(one)] + (
        [node.name] if isinstance(node, ast.ClassDef) else []
    )


def parse(path, file, findings, is_entry=True):
    """The syntax tree, or None and a finding."""
    say = findings.error if is_entry else findings.warn
    try:
        with open(path, "rb") as stream:
            return ast.parse(stream.read(), filename=file)
    except SyntaxError as error:
        place = Place(file, {(): error.lineno})
        say(place, f"{error.msg}.", "Python cannot read this file.")
    except (ValueError, RecursionError, MemoryError, OSError) as error:
        say(file, f"{error or type(error).__name__}.", "Python cannot read this file.")
    return None


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
            say = self._findings.warn if may_fail or subject == "gevent" else self._findings.error
            say(place, f"imports {module}{problem[0]}", problem[1])

    def _problem(self, module):
        """(what is wrong, remedy), or None."""
        first = module.partition(".")[0]
        if first == "gevent":
            return f": {GEVENT}", "Use threading."
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
    known = ("requests", "rapidfuzz", "regex", "lxml", "psutil", "yaml", "pytz", "dateutil", "django", "celery", "redis")
    hint = near(name, known, "The host has")
    return f"{hint} If not: " if hint.startswith("Did you mean") else ""


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()
