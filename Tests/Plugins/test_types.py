"""The types for authors say what is true, and an editor's checker understands them."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest
from skirret_plugin.checks.declared import EVENTS

from conftest import FIXTURES, SOURCES

STUB = SOURCES / "skirret_plugin/__init__.pyi"

GOOD = """
from __future__ import annotations
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from skirret_plugin import Action, Context, Field, Params, PluginType, Result, Ui

class Plugin:
    fields: list[Field] = [{"id": "limit", "type": "number", "default": 5}]
    actions: list[Action] = [{"id": "go", "confirm": {"title": "Sure?"}, "events": ["m3u_refresh"], "async": True}]
    ui: Ui = {"version": 1, "layout": {"type": "stat", "anything": 1}}

    def run(self, action: str, params: Params, context: Context) -> Result:
        context["logger"].info("%s", context["plugin"]["key"])
        context["report_progress"](50, "half")
        task: str = context["dispatch_task"]("other", {"n": 1})
        upload = context["files"].get("payload")
        return {"status": "ok", "task": task, "size": upload.size if upload else 0}

plugin: PluginType = Plugin()
"""
WRONG = {
    'context["loger"]': "loger",
    'context["emit_event"](5)': "incompatible type",
    'context["report_progress"]("half")': "incompatible type",
    'context["plugin"]["version"] + 1': "operand",
}


def test_the_events_that_are_typed_are_those_that_validate_knows():
    tree = ast.parse(STUB.read_text())
    (found,) = (node.value for node in tree.body if isinstance(node, ast.AnnAssign) and node.target.id == "EventName")
    assert tuple(one.value for one in found.slice.elts) == EVENTS


def members(name):
    """The annotated names of a class in the stub."""
    tree = ast.parse(STUB.read_text())
    (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    return {node.target.id for node in found.body if isinstance(node, ast.AnnAssign)}


def test_the_context_that_is_typed_is_the_one_that_is_given(inside):
    assert set(inside("result = sorted(context)")) == members("Context") - {"reason"}
    assert set(inside("result = sorted(context['plugin'])")) == members("About")


def test_every_typed_name_can_be_imported_by_a_running_plugin(inside):
    tree = ast.parse(STUB.read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    names += [node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)]
    names += [target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    missing = "import skirret_plugin; result = [name for name in NAMES if not hasattr(skirret_plugin, name)]"
    assert len(names) > 25 and inside(missing.replace("NAMES", json.dumps(names))) == []


@pytest.fixture
def checked(tmp_path):
    """Runs mypy over modules given as text; returns what it found as {module: {line: message}}."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed for this interpreter: pip install mypy")

    def checked(*options, **modules):
        for name, source in modules.items():
            (tmp_path / f"{name}.py").write_text(source)
        files = [f"{name}.py" for name in modules]
        command = [sys.executable, "-m", "mypy", "--follow-imports=silent", *options, *files]
        path = os.pathsep.join(map(str, (SOURCES, FIXTURES)))
        environment = {"MYPYPATH": path, "PATH": "/usr/bin:/bin", "MYPY_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        found = re.findall(r"^(\w+)\.py:(\d+): error: (.*)$", done.stdout, re.MULTILINE)
        assert done.returncode == 0 or found, done.stdout + done.stderr
        return {name: {int(line): said for file, line, said in found if file == name} for name in modules}

    return checked


def test_a_checker_finds_what_is_wrong_and_nothing_else(checked):
    wrong = GOOD.replace("        task: str", "".join(f"        {line}\n" for line in WRONG) + "        task: str")
    found = checked("--strict", good=GOOD, wrong=wrong)
    assert found["good"] == {}
    lines = wrong.splitlines()
    expected = {lines.index(f"        {line}") + 1: said for line, said in WRONG.items()}
    assert found["wrong"].keys() == expected.keys(), found["wrong"]
    assert all(said in found["wrong"][line] for line, said in expected.items()), found["wrong"]


def test_what_the_fixtures_declare_is_what_the_types_allow(checked, server):
    lines = ["from skirret_plugin import Action, Field, PluginType, Ui", "from gallery.plugin import Plugin"]
    lines.append("plugin: PluginType = Plugin()")
    for name in ("gallery", "my_plugin", "refresh_all", "service_monitor"):
        plugin = server.spawn(FIXTURES / name)
        said = plugin.answer(plugin.call("describe"))["result"]
        lines.append(f"fields_{name}: list[Field] = {said['fields']!r}")
        lines.append(f"actions_{name}: list[Action] = {said['actions']!r}")
        lines.append(f"ui_{name}: Ui | None = {said['ui_schema']!r}")
    slip = "slip: list[Action] = [{'id': 'go', 'button_variant': 'loud'}]"
    found = checked("--check-untyped-defs", declared="\n".join(lines), slipped="\n".join([lines[0], slip]))
    assert found == {"declared": {}, "slipped": {2: found["slipped"][2]}}
