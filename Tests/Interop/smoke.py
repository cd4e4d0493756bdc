#!/usr/bin/env python3
"""Our worker beside a real Celery worker on one Redis, driven by a real Celery client.

    .venv-test/bin/python Tests/Interop/smoke.py --skirret .build/debug/skirret [--smoke ../shared/interop/celery_smoke.py]

Starts a redis-server on a free port and runs the smoke script against `skirret worker --samples`. Every check must
pass but those listed in NOT_YET, which are printed by name with what is missing. The last line is "N passed, N failed".
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Checks that ask for what is not built yet, and what that is.
NOT_YET: dict[str, str] = {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    """A redis-server that keeps nothing, for the length of a `with`."""

    def __enter__(self) -> str:
        port = free_port()
        self._folder = tempfile.mkdtemp(prefix="skirret-interop-")
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", self._folder]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return f"redis://127.0.0.1:{port}/0"
            except OSError:
                assert self._process.poll() is None and time.monotonic() < end, "redis-server did not start"
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)


def run(smoke: Path, skirret: Path, data: str, broker: str) -> tuple[list[str], list[str]]:
    """The smoke script's lines about its checks, shown as they come, and what else it and both workers said."""
    worker = f"{shlex.quote(str(skirret))} worker --samples -E --data-dir {shlex.quote(data)}"
    worker += " --redis {broker} --name {node} --queues {queues} --log-level warning"
    command = [sys.executable, str(smoke), "--redis", broker, "--worker", worker]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    checks, said = [], []
    for line in process.stdout:
        line = line.rstrip("\n")
        found = re.match(r"(PASS|FAIL) (\w+)", line)
        if not found:
            said.append(line)
            continue
        if found[1] == "FAIL" and found[2] in NOT_YET:
            line = f"NOT YET {found[2]}: {NOT_YET[found[2]]} ({line})"
        print(line, flush=True)
        checks.append(line)
    process.wait()
    return checks, said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skirret", type=Path, default=ROOT / ".build/debug/skirret")
    parser.add_argument("--smoke", type=Path, default=ROOT / "../shared/interop/celery_smoke.py")
    options = parser.parse_args()
    for path, remedy in ((options.smoke, "--smoke names the script"), (options.skirret, "--skirret names the executable")):
        if not path.exists():
            print(f"SKIP interop: {path} is not there; {remedy}\n0 passed, 0 failed, 1 skipped")
            return 0
    with Redis() as broker, tempfile.TemporaryDirectory(prefix="skirret-interop-data-") as data:
        checks, said = run(options.smoke, options.skirret.resolve(), data, broker)
    passed = [line.split()[1] for line in checks if line.startswith("PASS ")]
    failed = sum(line.startswith("FAIL ") for line in checks)
    pending = sum(line.startswith("NOT YET ") for line in checks)
    for name in sorted(NOT_YET.keys() & set(passed)):
        print(f"{name} passes now: take it off the list of what is not yet expected")
    if not any(re.fullmatch(r"\d+ passed, \d+ failed", line) for line in said):
        print("FAIL interop: the smoke script ended before its last check")
        failed += 1
    if failed:
        print("\n".join(["What the script and both workers said besides:", *said]))
    print(f"{len(passed)} passed, {failed} failed" + (f", {pending} skipped" if pending else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
