"""Loads every plugin of a folder with the real host, runs all their actions, and prints what happened.

    python Tests/Plugins/survey.py FOLDER [--only NAME ...] [--details] [--into PUBLIC.md]

Each plugin gets a machine of its own: no network, a private Redis, a fresh database with some rows to
work on, an empty /data, the sandbox of a server, and processes that all end with it. So every action may be
run, also those that delete. Needs Linux with `unshare` and `ip`, redis-server, and the packages of config/requirements.txt.

What a plugin names in its requirements.txt is there if it was installed before, with `skirret plugins install PLUGIN
--into PACKAGES`, and `SKIRRET_PLUGIN_PACKAGES` names that folder.

Swift's own side is absent: native tasks are enqueued and counted, and nobody runs them; a plugin's own
are run. An action that waits for a native one is cancelled at the limit and says so.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from survey.table import details, rewrite, summary, table

HERE = pathlib.Path(__file__).resolve().parent

#: Seconds for all of one plugin; what hangs longer is killed with everything it started.
LIMIT = 420


def main():
    """Surveys every plugin below the folder given and prints one table."""
    arguments = _arguments()
    folders = [path for path in sorted(arguments.folder.resolve().iterdir()) if path.is_dir()]
    chosen = [folder for folder in folders if not arguments.only or folder.name in arguments.only]
    with ThreadPoolExecutor(arguments.jobs) as at_once:  # they mostly wait
        reports = list(at_once.map(lambda folder: survey(folder, arguments), chosen))
    if arguments.json:
        arguments.json.write_text(json.dumps(reports, indent=1))
    if arguments.into:
        arguments.into.write_text(rewrite(arguments.into.read_text(), reports))
    print(table(reports))
    print(f"\n{summary(reports)}")
    if arguments.details:
        print(details(reports))


def survey(folder, arguments):
    """One plugin's report, made in namespaces of its own."""
    print(f"{folder.name} …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="skirret-survey-") as place:
        report = pathlib.Path(place) / "report.json"
        command = [
            *_namespaces(), sys.executable, "-B", "-m", "survey.machine", str(folder), str(report),
            "--seconds", str(arguments.seconds), "--place", place, "--scenario", str(arguments.scenario.resolve()),
        ]  # fmt: skip
        with open(os.path.join(place, "log"), "w+b") as log:
            try:
                done = subprocess.run(command, cwd=HERE, stdout=log, stderr=log, timeout=LIMIT, check=False)
                problem = f"the survey ended with {done.returncode}"
            except subprocess.TimeoutExpired:
                problem = f"not done after {LIMIT} s"
            if report.exists():
                return json.loads(report.read_text())
            log.seek(0)
            tail = log.read().decode(errors="replace").strip().splitlines()[-12:]
        print("\n".join(tail), file=sys.stderr)
        return {"folder": folder.name, "error": f"{problem}: {tail[-1] if tail else ''}", "actions": []}


def _namespaces():
    """Own network, files, processes; for who is not root, as the root of a user namespace."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    return command if os.geteuid() == 0 else [*command, "--user", "--map-root-user"]


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="a folder of plugins, one folder each")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="folders to look at; all by default")
    parser.add_argument("--seconds", type=float, default=15, help="limit of one action (default 15)")
    parser.add_argument("--jobs", type=int, default=4, help="plugins at a time (default 4)")
    parser.add_argument("--details", action="store_true", help="also every action with its result")
    parser.add_argument("--into", type=pathlib.Path, help="put the table into this page, in place of the one there")
    parser.add_argument("--json", type=pathlib.Path, help="write the raw reports to this file")
    parser.add_argument(
        "--scenario", type=pathlib.Path, default=HERE / "survey/scenario.json",
        help="settings and parameters by the plugin's name (default: survey/scenario.json)",
    )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    main()
