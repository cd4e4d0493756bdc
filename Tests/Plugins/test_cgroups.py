"""cgroup v2 as the server uses it, on a folder that looks like the kernel's."""

import subprocess
import sys

import pytest

from conftest import SOURCES

CODE = """
import os, sys
from skirret_host import cgroups
root = sys.argv[1]
mounts, own = root + "/mountinfo", root + "/own"
try:
    folder = cgroups.parent(mounts, own)
except cgroups.Unavailable as reason:
    print("unavailable:", reason)
else:
    group = cgroups.make(folder, "skirret-1-1", {"memory_bytes": 1000, "processes": 7})
    cgroups.join(group)
    print(os.path.relpath(folder, root))
    for name in sorted(os.listdir(group)):
        print(name, open(os.path.join(group, name)).read())
    open(group + "/memory.events", "w").write("low 0\\noom_kill 2\\n")
    print("met", cgroups.end(group))
"""


@pytest.fixture
def ask(tmp_path):
    """Runs CODE on a made-up kernel: `controllers` by folder below the mount."""

    def run(controllers, own="0::/unit/main\n", kind="cgroup2"):
        (tmp_path / "fs/unit/main").mkdir(parents=True)
        for folder, names in controllers.items():
            (tmp_path / "fs" / folder / "cgroup.controllers").write_text(names)
        (tmp_path / "mountinfo").write_text(f"30 20 0:26 / {tmp_path}/fs rw shared:9 - {kind} cgroup2 rw\n")
        (tmp_path / "own").write_text(own)
        made = subprocess.run(
            [sys.executable, "-c", CODE, str(tmp_path)], env={"PYTHONPATH": str(SOURCES)}, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        return made.stdout.splitlines()

    return run


def test_a_group_has_the_plugins_limits_and_says_which_it_met(ask):
    assert ask({"unit/main": "cpu memory pids", "unit": "memory pids"}) == [
        "fs/unit/main", "cgroup.procs 0", "memory.max 1000", "memory.oom.group 1", "memory.swap.max 0", "pids.max 7",
        "met memory",
    ]  # fmt: skip


def test_the_folder_above_is_taken_when_ours_may_not_have_groups(ask):
    assert ask({"unit/main": "cpu", "unit": "memory pids"})[0] == "fs/unit"


def test_without_controllers_the_reason_names_both_folders(ask):
    (line,) = ask({"unit/main": "cpu", "unit": "cpu memory"})
    assert line.startswith("unavailable: ") and "fs/unit/main: has no memory and pids controller" in line
    assert "fs/unit: has no pids controller" in line


def test_a_machine_without_cgroup_v2_says_so(ask):
    assert ask({}, kind="cgroup") == ["unavailable: no cgroup v2 is mounted"]
