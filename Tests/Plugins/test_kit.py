"""What authors are given: a plugin to start from, what is wrong with theirs, and their actions without a server."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from conftest import FIXTURES, SOURCES


@pytest.fixture
def kit(tmp_path):
    """Runs the kit in an empty folder; returns what it answered."""

    def kit(*arguments, **variables):
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        environment = {
            **kept,
            "HOME": str(tmp_path),
            "PYTHONPATH": str(SOURCES),
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        }
        command = [sys.executable, "-m", "skirret_plugin", *map(str, arguments)]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)

    return kit


def test_a_new_plugin_is_valid_and_its_tests_pass(kit, tmp_path):
    made = kit("new", "tidy_up", "--author", 'Ann "A" B')
    assert made.returncode == 0 and "test tidy_up" in made.stdout, made.stderr
    assert json.loads((tmp_path / "tidy_up/plugin.json").read_text())["author"] == 'Ann "A" B'
    valid = kit("validate", "--strict", "tidy_up")
    assert (valid.returncode, valid.stdout) == (0, "no errors, no warnings\n"), valid.stdout + valid.stderr
    tested = kit("test", "tidy_up", "--", "-q")
    assert tested.returncode == 0 and "4 passed" in tested.stdout, tested.stdout + tested.stderr
    (tmp_path / "tidy_up/plugin.py").write_text("class Plugin:\n    def run(self, *_): return {}\n")
    failed = kit("test", "tidy_up", "--", "-q")
    assert failed.returncode == 1 and "4 failed" in failed.stdout, failed.stdout + failed.stderr


def test_nothing_is_overwritten_and_no_name_is_taken_that_does_not_do(kit, tmp_path):
    (tmp_path / "there").mkdir()
    assert kit("new", "there").returncode == 1 and os.listdir(tmp_path / "there") == []
    for name in ("json", "My-Plugin", "../x/1", "ä"):
        refused = kit("new", name)
        assert refused.returncode == 2 and "Try 'my_plugin'" in refused.stderr, refused.stderr


MANIFEST = """{
  "name": "Bad", "versoin": "1", "help_url": 7,
  "fields": [
    {"id": "mode", "type": "select", "default": "x", "options": [{"value": "safe"}, {"value": "fast"}]},
    {"label": "no id"},
    {"id": "n", "type": "nubmer", "max": 3},
    {"id": "low", "type": "number", "min": 5, "max": 3, "default": "4"}
  ]
}
"""
CODE = """import requets
from apps.output.views import x
try:
    import nowhere
    import gevent.socket
except ImportError:
    gevent = None

ACTIONS = [
    {"id": "go", "lable": "Go", "events": ["m3u_refrehs"]},
    {"id": "go", "confirm": "yes"},
]

class Plugin:
    version = 3
    actions = ACTIONS
    ui = {
        "dataSources": {"rows": {"type": "acton", "action": "goo"}, "u": {"type": "url", "refresh": {"interval": 0}}},
        "layout": {
            "type": "stack",
            "children": [
                {"type": "tabel", "source": "row"},
                {"type": "chart", "chartType": "lines", "source": "rows"},
                {"type": "tabs", "tabs": [{"id": "a", "children": [{"type": "actionButton", "action": "gp"}]}]},
                {"type": "form", "fields": [{"id": "f", "type": "textt"}], "submitAction": "go"},
            ],
        },
        "pages": [{"id": "p", "placement": "side", "route": "x", "requiresSetting": "mod"}, {"label": "none"}],
    }

    async def run(self, action, params):
        pass

    def resolve_ui_resource(self, resource):
        pass
"""
FOUND = """
plugin.json:2: warning: versoin: is not read. Did you mean 'version'?
plugin.json:2: error: help_url: expected text, found a number; it is ignored.
plugin.json:4: warning: fields[0].default: 'x' is none of the options. Options are fast, safe.
plugin.json:5: error: fields[1]: has no id; the field is dropped.
plugin.json:6: warning: fields[2].type: 'nubmer' is no type of field; it is edited as text. Did you mean 'number'?
plugin.json:7: error: fields[3].min: 5 is more than max, 3. Exchange them.
plugin.json:7: warning: fields[3].default: expected a number, found text. Write default without quotes.
plugin.py:1: error: imports requets, which the plugin host does not have. Did you mean 'requests'?
plugin.py:2: error: imports apps.output.views: HTTP and WebSocket routes
plugin.py:4: warning: imports nowhere, which the plugin host does not have. List nowhere in requirements.txt.
plugin.py:5: warning: imports gevent.socket: greenlets are threads here
plugin.py:10: warning: actions[0].lable: is not read. Did you mean 'label'?
plugin.py:10: warning: actions[0].events[0]: 'm3u_refrehs' is no event of the product; only plugins can log it. Did you mean
plugin.py:11: error: actions[1].id: another action has the id 'go'; this one is dropped. Rename it.
plugin.py:11: error: actions[1].confirm: expected true or an object, found text.
plugin.py:15: error: version: expected text, found a number; it is ignored. Write "3".
plugin.py:18: error: ui.dataSources.rows.type: 'acton' is not known. Did you mean 'action'?
plugin.py:18: error: ui.dataSources.u: a source of type 'url' needs 'url'.
plugin.py:18: error: ui.dataSources.u.refresh.interval: expected seconds above 0, found 0.
plugin.py:22: error: ui.layout.children[0].type: 'tabel' is no component; a notice is drawn in its place. Did you mean 'table'?
plugin.py:22: error: ui.layout.children[0].source: there is no data source 'row'. Did you mean 'rows'?
plugin.py:23: error: ui.layout.children[1].chartType: 'lines' is no chart. Did you mean 'line'?
plugin.py:24: warning: ui.layout.children[2].tabs[0].children[0].action: 'gp' is not among the plugin's actions
plugin.py:25: warning: ui.layout.children[3].fields[0].type: 'textt' is no input; it is edited as text. Did you mean 'text'?
plugin.py:28: error: ui.pages[0].placement: 'side' is not known. Did you mean 'sidebar'?
plugin.py:28: warning: ui.pages[0].route: 'x' is no path. Begin with a slash: '/x'.
plugin.py:28: warning: ui.pages[0].requiresSetting: there is no field 'mod', so the page is always shown. Did you mean 'mode'?
plugin.py:28: warning: ui.pages[0]: has no layout; the page is empty.
plugin.py:28: error: ui.pages[1]: has no id; the page is not shown.
plugin.py:31: error: run is a coroutine, and nobody awaits it.
plugin.py:34: error: resolve_ui_resource is called with 3 arguments and takes 1.
"""


def test_what_is_wrong_is_said_with_line_place_and_remedy(kit, tmp_path, make_plugin):
    folder = make_plugin("bad", "", plugin__json=MANIFEST)
    (folder / "plugin.py").write_text(CODE)
    said = kit("validate", "bad")
    lines = said.stdout.splitlines()
    assert said.returncode == 1 and said.stderr == "" and lines[-1].endswith(" warnings"), said.stderr
    expected = FOUND.strip().splitlines()
    missing = [line for line in expected if not any(one.startswith(line) for one in lines)]
    surplus = [one for one in lines[:-1] if not any(one.startswith(line) for line in expected)]
    assert (missing, surplus) == ([], [])
    listed = json.loads(kit("validate", "--json", "bad").stdout)
    assert len(listed) == len(expected) and set(listed[0]) == {"level", "file", "line", "path", "text", "remedy"}


@pytest.mark.parametrize(
    "file, text, expected",
    [
        ("plugin.py", "class Plugin(:\n", "plugin.py:1: error: invalid syntax"),
        ("plugin.py", "x = 1\n", "plugin.py: error: has no class Plugin."),
        ("plugin.py", "class Plugin: pass\n", "plugin.py:1: error: class Plugin has no run()."),
        ("plugin.json", '{\n  "name": 1,\n}', "plugin.json:3: error: is no JSON: "),
        ("plugin.json", "[]", "plugin.json:1: error: expected an object, found a list."),
        ("plugin.json", "\xff", "plugin.json: error: is not UTF-8"),
        ("requirements.txt", "-e .", "requirements.txt: error: requirements.txt, line 1: '-e .' is not taken."),
        ("plugin.py", "class Plugin:\n    def run(self, *_): pass\n    actions = {1: 2}\n", "plugin.py:3: error: actions: expected a list"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_by_its_line(kit, make_plugin, file, text, expected):
    folder = make_plugin("one", "class Plugin:\n    def run(self, *_): pass\n")
    (folder / file).write_text(text, encoding="latin-1")
    said = kit("validate", "--no-load", "one")
    assert said.returncode == 1 and expected in said.stdout, said.stdout + said.stderr


def test_what_is_computed_is_looked_at_by_loading_it(kit, make_plugin):
    make_plugin(
        "computed",
        """
        class Plugin:
            @property
            def fields(self):
                return [{"id": "a"}, {"label": "no id"}]
            @property
            def ui(self):
                return {"layout": {"type": "tabel"}}
            def run(self, *_): pass
        """,
        plugin__json="{}",
    )
    assert kit("validate", "--no-load", "computed").returncode == 0
    said = kit("validate", "computed")
    assert said.returncode == 1 and said.stdout.splitlines()[:2] == [
        "plugin.py:4: error: fields[1]: has no id; dropped.",
        "plugin.py:7: error: ui.layout.type: 'tabel' is no component; a notice is drawn in its place. Did you mean 'table'?",
    ], said.stdout + said.stderr
    make_plugin("broken", "class Plugin:\n    def run(self, *_): pass\nX = {}['gone']\n", plugin__json="{}")
    assert kit("validate", "broken").stdout.startswith("plugin.py:3: error: cannot be loaded: KeyError: 'gone'")


@pytest.mark.parametrize("name", ["my_plugin", "refresh_all", "service_monitor", "gallery"])
def test_the_documents_plugins_have_no_errors(kit, name):
    said = kit("validate", "--no-load", FIXTURES / name)
    assert said.returncode == 0 and said.stdout.splitlines()[-1].startswith("no errors"), said.stdout


def test_validate_knows_every_component_that_the_web_app_draws():
    from skirret_plugin.checks.pages import CHARTS, MORE_CHARTS, MORE_NODES, NODES

    scripts = (SOURCES.parents[1] / "API/Web/js/components").rglob("*.js")
    registered = re.compile(r"\bregister\(\s*(\[[^\]]*\]|'[^']*')")
    drawn = {name for one in scripts for found in registered.findall(one.read_text()) for name in NAME.findall(found)}
    assert len(drawn) > 50
    assert {name.lower() for name in drawn} - NODES - MORE_NODES - CHARTS - MORE_CHARTS == set()


NAME = re.compile(r"'(\w+)'")
WORKER = """
    import os, threading, time
    from celery import chain, chord, group, shared_task
    from apps.epg.tasks import refresh_epg_data
    from apps.m3u.tasks import refresh_m3u_accounts

    @shared_task
    def double(n):
        if n < 0:
            raise ValueError("below zero")
        return 2 * n

    @shared_task
    def total(numbers):
        return sum(numbers)

    class Plugin:
        actions = [{"id": "go", "label": "Go"}]
        def run(self, action, params, context):
            return getattr(self, action)(params, context)
        def canvas(self, params, context):
            chord([double.s(1), chain(double.s(2), double.s()), refresh_epg_data.si(9)])(total.s())
            group(double.si(5), double.si(6)).delay()
            double.apply_async([10], link=double.s())
        def go(self, params, context):
            print("printed")
            assert not context["files"] or context["files"]["payload"].read() == b"#EXTM3U"
            context["logger"].warning("logged")
            context["report_progress"](50, "half")
            context["emit_event"]("went", {"n": 1})
            refresh_m3u_accounts.delay()
            chain(double.s(3), double.s()).delay()
            double.delay(-1)
            context["dispatch_task"]("quiet", {"a": 1})
            return {"settings": context["settings"], "files": sorted(context["files"])}
        def quiet(self, params, context):
            from apps.channels.models import Channel
            return {"created": Channel.objects.create(name="new").name, "params": params}
        def ask(self, params, context):
            return {"said": refresh_epg_data(params["id"])}
        def later(self, params, context):
            threading.Timer(0.3, lambda: context["emit_event"]("late", {"n": 2})).start()
        def hang(self, params, context):
            while True:
                try:
                    time.sleep(1)
                except BaseException:
                    pass
        def peek(self, params, context):
            return {"text": open(params["path"]).read()}
        def die(self, params, context):
            print("last words", flush=True)
            os._exit(3)
"""
TESTS = """
    import pytest
    from apps.channels.models import Channel
    from skirret_plugin.local import Died, PluginFailed

    def test_tasks(plugin):
        plugin.run("go")
        ran = {str(task): (task.outcome, task.result) for task in plugin.settle()}
        double = "_dispatcharr_plugin_busy.plugin.double"
        assert ran["apps.m3u.tasks.refresh_m3u_accounts()"][0] == "noted"
        assert ran[f"{double}(3)"] == ("ran", 6) and ran[f"{double}(6)"] == ("ran", 12)
        assert ran[f"{double}(-1)"][0] == "failed"
        assert ran["skirret.plugins.run_action('busy', 'quiet', {'a': 1}, {})"][1] == {"created": "new", "params": {"a": 1}}
        assert ("warning", "logged") in plugin.logs and Channel.objects.count() == 1

    def test_canvas(plugin):
        plugin.answers["apps.epg.tasks.refresh_epg_data"] = 100
        plugin.run("canvas")
        ran = {str(task): task.result for task in plugin.settle()}
        prefix = "_dispatcharr_plugin_busy.plugin"
        assert ran[f"{prefix}.total([2, 8, 100])"] == 110 and ran[f"{prefix}.double(20)"] == 40
        assert (ran[f"{prefix}.double(5)"], ran[f"{prefix}.double(6)"]) == (10, 12)

    def test_each_begins_anew(plugin):
        assert plugin.tasks == [] and plugin.answers == {} and Channel.objects.count() == 0

    def test_answers(plugin):
        plugin.answers["apps.epg.tasks.refresh_epg_data"] = lambda source: f"refreshed {source}"
        assert plugin.run("ask", {"id": 3}) == {"said": "refreshed 3"}

    def test_without_an_answer(plugin):
        with pytest.raises(PluginFailed, match="is Skirret's own and there is no server here"):
            plugin.run("ask", {"id": 3})

    def test_threads(plugin):
        plugin.run("later")
        assert plugin.wait_for("event")["event"] == "late" and plugin.events == [("late", {"n": 2})]

    def test_ends(plugin):
        with pytest.raises(Died, match="(?s)code 3.*last words"):
            plugin.run("die")

    def test_hangs(plugin):
        with pytest.raises(Died, match="no answer within 0.5 s, nor to a cancel; killed"):
            plugin.run("hang", seconds=0.5)
"""


def test_tests_see_what_the_plugin_says_enqueues_and_waits_for(kit, make_plugin):
    make_plugin("busy", WORKER, test_busy__py=textwrap.dedent(TESTS))
    done = kit("test", "busy", "--", "-q")
    assert done.returncode == 0 and "8 passed" in done.stdout, done.stdout + done.stderr


def test_an_action_is_run_and_the_result_stands_alone_on_standard_output(kit, make_plugin, tmp_path):
    make_plugin("busy", WORKER)
    (tmp_path / "list.m3u").write_text("#EXTM3U")
    done = kit("run", "busy", "go", "--settings", '{"a": 1}', "--file", "payload=list.m3u")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"settings": {"a": 1}, "files": ["payload"]}
    lines = done.stderr.splitlines()
    for line in ("printed", "warning  plugins.busy: logged", "progress 50 % half", 'event    went {"n": 1}'):
        assert line in lines, done.stderr
    assert "task noted: apps.m3u.tasks.refresh_m3u_accounts()" in lines and "ValueError: below zero" in done.stderr
    assert kit("run", "busy").stdout.split() == ["go", "Go"]


def test_what_an_action_raises_and_what_cannot_start_have_codes_of_their_own(kit, make_plugin, tmp_path):
    make_plugin("busy", WORKER)
    failed = kit("run", "busy", "ask")
    assert failed.returncode == 1 and failed.stdout == "" and "KeyError: 'id'" in failed.stderr, failed.stderr
    assert kit("run", "nothing_here", "go").returncode == 2
    wrong = kit("run", "busy", "go", "--params", "limit=5")
    assert wrong.returncode == 2 and "Quote it, like" in wrong.stderr
    hung = kit("run", "busy", "hang", "--seconds", "0.5")
    assert hung.returncode == 1 and "nor to a cancel" in hung.stderr, hung.stderr


def test_the_plugin_is_held_as_in_a_server_unless_it_is_asked_not_to(kit, make_plugin, tmp_path):
    from skirret_host import landlock

    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    make_plugin("busy", WORKER)
    (tmp_path / "secret").write_text("mine")
    params = json.dumps({"path": str(tmp_path / "secret")})
    held = kit("run", "busy", "peek", "--params", params)
    assert held.returncode == 1 and "PermissionError" in held.stderr, held.stderr
    assert json.loads(kit("run", "busy", "peek", "--params", params, "--no-sandbox").stdout) == {"text": "mine"}


def test_a_given_database_is_copied_and_never_written(kit, make_plugin, database, tmp_path):
    make_plugin("busy", WORKER)
    copy = tmp_path / "mine.db"
    with sqlite3.connect(database) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    count = "SELECT count(*) FROM dispatcharr_channels_channel WHERE name = 'new'"
    done = kit("run", "busy", "quiet", "--database", copy)
    assert json.loads(done.stdout)["created"] == "new", done.stderr
    with sqlite3.connect(copy) as rows:
        assert rows.execute(count).fetchone() == (0,)


def test_every_command_says_what_it_does(kit):
    whole = kit("--help", SKIRRET_PLUGIN_PROGRAM="skirret plugins").stdout
    for name in ("new", "validate", "run", "test", "install"):
        said = kit(name, "--help").stdout
        assert f"  {name} " in whole and len(said) > 300 and f"skirret plugins {name}" in whole, said
