"""The survey of a plugins folder: each plugin on a machine of its own, and what went wrong in the table."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from conftest import TESTS
from survey.table import rewrite, summary

GOOD = """
    import os, socket
    from celery import shared_task

    @shared_task
    def later(n):
        return {"n": n + 1}

    class Plugin:
        name = "Good"
        actions = [{"id": "delete_all"}, {"id": "count"}, {"id": "write"}, {"id": "network"}, {"id": "queue"}]

        def run(self, action, params, context):
            from apps.channels.models import Channel
            if action == "delete_all":
                return {"deleted": Channel.objects.all().delete()[0]}
            if action == "write":
                with open("/data/exports/mine.csv", "w") as file:
                    return {"written": file.write("x")}
            if action == "network":
                socket.create_connection(("192.0.2.1", 80), timeout=5)
            if action == "queue":
                later.delay(1)
            return {"channels": Channel.objects.count()}
"""
BAD = """
    import nowhere_to_be_found
"""
HANGING = """
    try:
        from apps.output.views import generate_epg
    except ImportError:
        generate_epg = None

    class Plugin:
        actions = [{"id": "hang"}, {"id": "die"}]

        def run(self, action, params, context):
            import os, signal
            if action == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            while True:
                pass
"""


@pytest.fixture
def report(tmp_path, make_plugin):
    """Reports by folder, and the printed table."""
    probe = ["unshare", "--net", "--mount", "--pid", "--fork", "true"]
    if not shutil.which("unshare") or not shutil.which("ip") or subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("namespaces cannot be made here: unshare or ip is missing, or the kernel forbids it")
    for name, source in (("good", GOOD), ("bad", BAD), ("hanging", HANGING)):
        make_plugin(f"plugins/{name}", source)
    (tmp_path / "plugins/no_plugin").mkdir()
    out = tmp_path / "report.json"
    command = [
        sys.executable,
        str(TESTS / "survey.py"),
        str(tmp_path / "plugins"),
        "--seconds",
        "5",
        "--json",
        str(out),
    ]
    done = subprocess.run([*command, "--details"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return {one["folder"]: one for one in json.loads(out.read_text())}, done.stdout


def test_a_folder_of_plugins_is_surveyed_each_apart(report):
    reports, printed = report
    good = {action["id"]: action for action in reports["good"]["actions"]}
    assert list(good)[-1] == "delete_all", "what empties things comes last"
    assert good["count"]["result"]["channels"] > 0 and good["delete_all"]["result"]["deleted"] > 0
    assert good["write"]["result"]["written"] == 1 and not os.path.exists("/data/exports/mine.csv")
    assert good["network"]["outcome"] == "error" and "OSError" in good["network"]["message"]
    (task,) = good["queue"]["tasks_run"]
    assert (task["outcome"], task["said"]) == ("result", "{'n': 2}")
    assert "needs the Python package 'nowhere_to_be_found'" in reports["bad"]["error"]
    hanging = {action["id"]: action["outcome"] for action in reports["hanging"]["actions"]}
    assert hanging == {"hang": "cancelled", "die": "died"}
    assert reports["hanging"]["absent"] == ["apps.output.views.generate_epg"]
    assert "not a plugin" in reports["no_plugin"]["error"]
    rows = [line for line in printed.splitlines() if line.startswith("| ")]
    assert any(row.startswith("| Good |") and "| yes |" in row for row in rows), printed
    assert any("no `apps.output.views.generate_epg`" in row for row in rows), printed
    assert "### good" in printed
    assert "4 plugins: 2 load, 2 cannot and say why. 7 actions: 4 ran well, 0 said no, 3 failed." in printed
    page = "# Mine\n\n1 plugins: 0 load, of before\nstays\n\n| plugin | x |\n|---|---|\n| old |\n\nbelow\n"
    made = rewrite(page, list(reports.values())).splitlines()
    assert made[:4] == ["# Mine", "", summary(list(reports.values())), "stays"] and made[-2:] == ["", "below"]
    assert sum(line.startswith("| ") for line in made) == 5 and "| old |" not in made
