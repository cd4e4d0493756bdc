r"""Provokes the faults that Skirret promises to live through, and judges by the books.

    .venv-test/bin/python -m judge --short                          what `deploy/test` runs
    .venv-test/bin/python -m judge --case W2 --case R9 --seed 3
    .venv-test/bin/python -m judge --full --table faults.md         every seed, and the table
    .venv-test/bin/python -m judge --case FLEET --minutes 10        a mixed fleet under random kills, for so long
    .venv-test/bin/python -m judge --list
    .venv-test/bin/python -m judge --sabotage                       the judge's own test: doctored books are found out

Run in Tests/Faults, or with it on PYTHONPATH. The worker is SKIRRET_BINARY, else the debug build. Every case has a Redis of its own on a free port and workers in
process groups of their own; nothing outlives it. One line a case and seed, "N passed, N failed" last.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path

from . import cases, runner, sabotage
from .cases import (  # noqa: F401  they fill the table
    beats,
    calendars,
    fleets,
    hostile,
    load,
    redis_faults,
    redis_lines,
    unreadable,
    workers,
)
from .scene import Settings

ROOT = Path(__file__).resolve().parents[3]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("judge", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="the cases, and how many seeds a full run takes")
    parser.add_argument(
        "--case", action="append", metavar="ID", type=str.upper, help="only this case; may be given often"
    )
    parser.add_argument("--seed", type=int, help="only this seed")
    parser.add_argument("--short", action="store_true", help="one seed a case, in minutes; the default")
    parser.add_argument("--full", action="store_true", help="every seed, at full length")
    parser.add_argument("--minutes", type=float, help="how long FLEET and W9 go on, instead of their own time")
    parser.add_argument("--sabotage", action="store_true", help="feed the verdict doctored ledgers, and nothing else")
    binary = os.environ.get("SKIRRET_BINARY") or str(ROOT / ".build/debug/skirret")
    worker = f"{shlex.quote(binary)} worker"
    parser.add_argument("--worker", default=worker, help="the command under test")
    parser.add_argument("--jobs", type=int, default=5, help="how many cases at a time")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the table there, as Markdown")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs and journals of what failed there")
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)  # of one case, for the process that asked for it
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.list:
        for one in cases.CASES.values():
            print(f"{one.id:5} {one.seeds:3} seeds  {one.title}")
        return 0
    if options.sabotage:
        return sabotage.main()
    command = shlex.split(options.worker)
    if not Path(command[0]).exists():
        print(f"SKIP faults: {command[0]} is not there; --worker names the command\n0 passed, 0 failed, 1 skipped")
        return 0
    command[0] = str(Path(command[0]).resolve())
    settings = Settings(command, sys.executable, options.full, options.minutes)
    if options.result:
        return runner.run_here(options.case[0], options.seed or 0, settings, options.result, options.keep)
    unknown = set(options.case or []) - cases.CASES.keys()
    if unknown:
        print(f"no case {', '.join(sorted(unknown))}; --list shows what there is")
        return 2
    return runner.run_all(options, settings)


if __name__ == "__main__":
    # Ends like any error does: everything that was started is closed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
