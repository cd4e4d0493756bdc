"""Runs a plugin's tests with pytest. They get a fixture `plugin`: the plugin in a process of its own, on empty tables.

    def test_names_are_tidied(plugin):
        from apps.channels.models import Channel
        Channel.objects.create(name="News HD")
        assert plugin.run("tidy", settings={"dry_run": False})["status"] == "ok"
        assert Channel.objects.get().name == "News"

The fixture has run, resource, hook, describe, stop, settings, events, updates, progress, logs, tasks, answers, settle
and wait_for. What stands after -- goes to pytest: `test my_plugin -- -k tidy -x`.
"""

import argparse
import importlib.util
import os
import subprocess
import sys

from ..place import SOURCES

NAME, HELP = "test", "run its tests, each on a fresh database"


def add_arguments(parser):
    parser.add_argument("folder", help="the plugin's folder")
    parser.add_argument(
        "--no-sandbox", action="store_true", help="let it reach every file, as nothing in a server does"
    )
    parser.add_argument("pytest", nargs=argparse.REMAINDER, help="arguments for pytest, after --")


def perform(arguments):
    if importlib.util.find_spec("pytest") is None:
        print(f"pytest is not installed for {sys.executable}: {sys.executable} -m pip install pytest", file=sys.stderr)
        return 2
    if not os.path.isdir(arguments.folder):
        print(f"{arguments.folder} is no folder", file=sys.stderr)
        return 2
    folder = os.path.abspath(arguments.folder)
    rest = [one for index, one in enumerate(arguments.pytest) if not (index == 0 and one == "--")]
    path = os.pathsep.join([str(SOURCES), *filter(None, [os.environ.get("PYTHONPATH")])])
    # --import-mode: the plugin's folder must not become a place that modules are found in.
    options = ["--skirret-plugin", folder, *(["--skirret-no-sandbox"] if arguments.no_sandbox else [])]
    command = [
        sys.executable, "-m", "pytest", "-p", "skirret_plugin.testing", *options,
        "--rootdir", folder, "--import-mode=importlib", "-p", "no:cacheprovider", *rest,
        *([] if _names(rest) else [folder]),
    ]  # fmt: skip
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode


def _names(arguments):
    """Whether a file or folder is among pytest's arguments."""
    return any(os.path.exists(one.partition("::")[0]) for one in arguments if not one.startswith("-"))
