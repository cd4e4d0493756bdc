"""A plugin's own packages: only what its file names, beside the host's, told as it goes, whole or not at all."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile

import pytest
from skirret_host import requirements

from test_describe import describe

NEEDY = """
    import needed_thing
    class Plugin:
        def run(self, action, params, context):
            import requests
            return {"value": needed_thing.VALUE, "below": needed_thing.below(), "requests": requests.__file__}
"""


def make_wheel(folder, name, version, code, requires=()):
    """A wheel as an index would have it, written by hand: the tests reach no network."""
    info = f"{name}-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": head + "".join(f"Requires-Dist: {one}\n" for one in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = []
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(text)}\n")
        wheel.writestr(f"{info}/RECORD", "".join(record) + f"{info}/RECORD,,\n")


@pytest.fixture
def index(tmp_path):
    """A folder of wheels that is all the index there is."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    below = "import needed_below\nVALUE = 7\ndef below(): return needed_below.VALUE\n"
    make_wheel(folder, "needed_thing", "1.5", below, ["needed_below", "requests"])
    make_wheel(folder, "needed_below", "2.0", "VALUE = 8\n")
    make_wheel(folder, "fussy", "1.0", "", ["requests<2"])
    make_wheel(folder, "requests", "1.0", "raise SystemExit('an old requests')")
    return folder


@pytest.fixture
def install(index, environment):
    """Runs the installer; returns its exit code, what it told on the way, and its last line."""

    def install(folder, **variables):
        command = [sys.executable, "-B", "-m", "skirret_host.requirements", str(folder)]
        settings = {**environment, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_NO_CACHE_DIR": "1"}
        done = subprocess.run(command, env={**settings, **variables}, capture_output=True, text=True, timeout=120)
        assert not done.stderr, done.stderr
        *told, last = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, told, last

    return install


@pytest.fixture
def needy(make_plugin, tmp_path):
    """A plugin that needs two packages, in a folder of plugins of its own."""
    return make_plugin("plugins/needy", NEEDY, requirements__txt="# mine\nneeded_thing >= 1, < 2  # the first\n\n")


def described(folder, environment):
    command = [sys.executable, "-B", "-m", "skirret_host.describe", str(folder.parent)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    (plugin,) = json.loads(done.stdout)["plugins"]
    return plugin


def test_what_is_listed_is_installed_with_what_it_needs_and_nothing_the_host_has(
    install, needy, server, environment
):  # fmt: skip
    before = described(needy, environment)
    assert before["requirements"] == {"state": "missing", "error": None}
    error = server.spawn(needy).fail("go")
    assert error["type"] == "PluginLoadError"
    assert (
        "needs the Python package 'needed_thing'" in error["message"] and "skirret_plugin install" in error["message"]
    )
    code, told, last = install(needy)
    assert code == 0 and last["ok"], last
    percents = [line["percent"] for line in told]
    assert percents == sorted(percents) and (percents[0], percents[-1]) == (0, 100)
    assert "needed_below==2.0" in told[-1]["message"] and "requests" not in told[-1]["message"]
    after = described(needy, environment)
    assert after["requirements"]["state"] == "ready" and after["fingerprint"] != before["fingerprint"]
    seen = server.spawn(needy).run("go")
    assert (seen["value"], seen["below"]) == (7, 8) and not seen["requests"].startswith(last["path"])


def test_what_is_installed_is_not_installed_again_until_the_lines_change(install, needy, make_plugin):
    first = install(needy)[2]["path"]
    code, told, last = install(needy)
    assert (code, told, last["path"]) == (0, [], first)
    (needy / "requirements.txt").write_text("needed_below\n")
    second = install(needy)[2]["path"]
    assert second != first and not os.path.exists(first) and os.listdir(os.path.dirname(second))
    (needy / "requirements.txt").write_text("# nothing any more\n")
    assert install(needy) == (0, [], {"ok": True, "path": None})


def test_a_version_that_the_host_cannot_give_way_to_is_refused_with_the_reason(install, make_plugin, environment):
    fussy = make_plugin("plugins/fussy_one", "import fussy\nclass Plugin: pass\n", requirements__txt="fussy")
    code, _, last = install(fussy)
    assert code == 1 and "needs another version than the one the plugin host runs on" in last["error"], last
    assert "requests" in last["error"]
    assert described(fussy, environment)["requirements"] == {"state": "failed", "error": last["error"]}


def test_a_package_that_nobody_has_leaves_the_reason_on_the_card(install, make_plugin, server, environment):
    plugin = make_plugin("plugins/lost", "import nowhere\nclass Plugin: pass\n", requirements__txt="nowhere==3")
    code, _, last = install(plugin)
    assert code == 1 and "no wheel for Python" in last["error"] and "nowhere" in last["error"]
    assert last["error"] in server.spawn(plugin).fail("go")["message"]
    packages = os.path.join(environment["SKIRRET_DATA_DIR"], "plugin-packages/lost")
    assert not [name for name in os.listdir(packages) if name.startswith(".building-")]


@pytest.mark.parametrize(
    "line",
    ["--index-url https://evil.example", "-e .", "git+https://example.org/x.git", "./local", "x @ file:///x", "/x.whl",
     "-r other.txt", "x==1 --hash=sha256:00", "x; y #\n--pre", "x\\", "$(touch x)"],
)  # fmt: skip
def test_lines_that_are_no_name_with_versions_are_refused_with_their_number(install, make_plugin, environment, line):
    plugin = make_plugin("plugins/odd", "class Plugin: pass\n", requirements__txt=f"humanize\n{line}\n")
    code, told, last = install(plugin)
    assert code == 1 and told == [] and last["error"].startswith("requirements.txt, line "), last
    assert described(plugin, environment)["requirements"]["state"] == "invalid"


def test_lines_as_authors_write_them_are_read(make_plugin, tmp_path):
    lines = [
        "Pillow",
        "humanize>=4,<5",
        "a.b-c_d ~= 1.0",
        "x[extra, more]==1.2.*",
        "y; python_version < '3.9'",
        "z (>=1)",
    ]
    folder = make_plugin("many", "", requirements__txt="\n".join([*lines, "#only this", "w # that"]))
    assert requirements.read(folder) == [*lines, "w"]
    assert describe(tmp_path)[0]["requirements"]["state"] == "missing"


def test_two_who_install_at_once_get_the_same_whole_folder(index, needy, environment):
    command = [sys.executable, "-B", "-m", "skirret_host.requirements", str(needy)]
    settings = {**environment, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}
    settings["SKIRRET_PLUGIN_PACKAGES"] = str(needy.parent.parent / "packages")
    both = [subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in both]
    assert said[0] == said[1] and said[0]["ok"], said
    assert os.path.isfile(os.path.join(said[0]["path"], "needed_below.py"))
