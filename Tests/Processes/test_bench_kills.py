"""What a killed bench leaves behind: nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import SKIRRET, descendants, until


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def short_path():
    """Not pytest's own: a socket's whole path must fit into about 100 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["ingest", "--only", "readers", "--quick"], [" serve ", "redis-server", " api", " worker"]),
        (["ingest", "--only", "playlist", "--entries", "200000"], [" ingest-step "]),
        (["queue", "--only", "drain", "--quick"], ["redis-server", " worker "]),
    ],
    ids=["a server", "a step", "a worker"],
)
def test_a_killed_bench_takes_all_it_started_along(short_path, arguments, parts):
    if not SKIRRET.exists() or not shutil.which("redis-server"):
        pytest.skip(f"{SKIRRET} or redis-server is not there")
    # Nice and easy on a busy machine: nothing is measured here.
    with (short_path / "log").open("w") as log:
        bench = subprocess.Popen(
            [SKIRRET, "bench", *arguments], stdout=log, stderr=log, env={**os.environ, "TMPDIR": str(short_path)},
            start_new_session=True)
    started: dict[int, str] = {}
    try:
        def all_there() -> bool:
            assert bench.poll() is None, (short_path / "log").read_text()
            started.update(descendants(bench.pid))
            # The last of the parts is what guards the process, from a moment after its start.
            return all(any(part in line for line in started.values()) for part in [*parts, "trap '' INT"])

        until(all_there, 60, f"{parts}")
        bench.kill()
        bench.wait(10)
        until(lambda: not any(map(lives, started)), 60, f"the end of {started}")
        until(lambda: not list(short_path.glob("skirret-bench-*/*")), 30, "the end of the bench's folder")
    finally:
        for pid in [bench.pid, *started]:
            if lives(pid):
                os.kill(pid, 9)
        bench.wait(10)
