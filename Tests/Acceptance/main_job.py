#!/usr/bin/env python3
r"""The main job, end to end, against a running server: plugins, refreshes, events, beat, faults, real Celery.

    deploy/up &
    deploy/test --setup
    .venv-test/bin/python Tests/Acceptance/main_job.py --url http://127.0.0.1:9191 \
        --token-file data/admin-token --data-dir data --skirret .build/release/skirret

Must run on the server's machine: it reads the database, kills processes of its own, and kills and awaits the private
Redis. It makes its own accounts, guides and channels and removes them again; the three plugins of Tests/Plugins/fixtures
are put into the plugins folder when they are not there, and stay.

One line a check (PASS, FAIL, SKIP, NOT YET), then readings, then "N passed, N failed".
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    import celery_checks
    import fault_checks
    import plugin_checks
    import readings
    import refresh_checks
    from house import ROOT, House
    from report import Report
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is missing here. `deploy/test --setup` makes .venv-test; run this with .venv-test/bin/python.")

CHECKS = [*plugin_checks.CHECKS, *celery_checks.CHECKS, *refresh_checks.CHECKS, *fault_checks.CHECKS]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:9191", help="where the server listens")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "data", help="the server's data folder")
    parser.add_argument("--token-file", type=Path, help="the administrator's token; <data-dir>/admin-token")
    parser.add_argument("--skirret", type=Path, default=ROOT / ".build/release/skirret", help="for workers of our own")
    parser.add_argument("--redis", help="the broker's URL when the server does not use its private one")
    parser.add_argument(
        "--generators", type=Path, default=ROOT / "../shared/data", help="the folder of gen_m3u.py and gen_xmltv.py"
    )
    parser.add_argument("--only", metavar="TEXT", help="only the checks whose name contains this")
    found = parser.parse_args()
    found.token_file = found.token_file or found.data_dir / "admin-token"
    return found


def main() -> int:
    options, report = arguments(), Report()
    house = House(options, report)
    try:
        for check in CHECKS:
            if options.only and options.only not in check.__name__:
                continue
            report.check(lambda check=check: check(house), check.__name__)
        if not options.only:
            readings.memory(house)
            readings.bench(house)
    finally:
        house.close()
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
