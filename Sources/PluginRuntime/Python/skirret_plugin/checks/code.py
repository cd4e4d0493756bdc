"""The plugin's Python: whether it can be read, has a class that can be called, and imports what is there."""

import ast
import os

from skirret_host.describe import DECLARED

from .findings import Place
from .positions import UNKNOWN, lines_of, value_of

#: method -> (arguments after self, what it is called with).
METHODS = {
    "run": (3, "(self, action, params, context)"),
    "resolve_ui_resource": (3, "(self, resource, params, context)"),
}


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
                self.findings.error(
                    self.file, "has no class Plugin.", "The host makes one Plugin() and calls its run()."
                )
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
        keywords = [
            one for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if not default
        ]
        if required > given or keywords or (positional < given and not arguments.vararg):
            self.findings.error(
                place, f"{name} is called with {given} arguments and takes {positional}.", f"Write {shape}."
            )


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
