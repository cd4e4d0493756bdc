"""What the run cost, without a bar: memory of every role, rates and latency on an idle server."""

from __future__ import annotations

import json
from pathlib import Path

from house import House
from report import Skip


def memory(house: House) -> None:
    """The peak of resident memory of each process of the server, from the kernel."""
    for role, peak in sorted(_peaks(house)):
        house.report.reading(f"peak memory, {role}", f"{peak / 1024:.0f} MiB")


def bench(house: House) -> None:
    """Rates and latency beside Redis's own limit, on a Redis of the bench's own."""
    try:
        done = house.command("bench", "queue", "--quick", "--only", "enqueue,latency", "--json", seconds=180)
    except Skip as reason:
        house.report.reading("bench", f"not run: {reason}")
        return
    if done.returncode:
        house.report.reading("bench", f"failed: {done.stderr.strip()[-300:]}")
        return
    for reading in json.loads(done.stdout):
        limit = f", {reading['ratio']:.2f} of the limit" if reading["limit"] else ""
        house.report.reading(reading["what"], f"{reading['ours']:,.0f} {reading['unit']}{limit}")


def _peaks(house: House) -> list[tuple[str, int]]:
    """(role, KiB) of the server that works in this data folder: `serve`, its children and theirs."""
    processes = {int(path.name): path for path in Path("/proc").iterdir() if path.name.isdigit()}
    parents = {pid: parent for pid, path in processes.items() if (parent := _parent(path)) is not None}
    redis = house.data / "redis/redis.pid"
    if not redis.exists():
        return []
    server = parents.get(int(redis.read_text()))
    found = [(role, peak) for pid in parents if _is_under(pid, server, parents) for role, peak in _role(processes[pid])]
    # Plugins come and go and are many; the largest says enough.
    largest: dict[str, int] = {}
    for role, peak in found:
        largest[role] = max(peak, largest.get(role, 0))
    return list(largest.items())


def _is_under(pid: int, ancestor: int | None, parents: dict[int, int]) -> bool:
    while pid in parents and pid != ancestor:
        pid = parents[pid]
    return pid == ancestor


def _parent(path: Path) -> int | None:
    try:
        return int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:  # It ended meanwhile.
        return None


def _role(path: Path) -> list[tuple[str, int]]:
    try:
        words = (path / "cmdline").read_bytes().decode(errors="replace").split("\0")
        status = (path / "status").read_text()
    except OSError:  # It ended meanwhile.
        return []
    peak = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)
    program = words[0].split()[0].rsplit("/", 1)[-1] if words[0].strip() else ""
    if program == "skirret" and len(words) > 1:
        return [(f"skirret {words[1]}", peak)]
    return [("Python host" if program.startswith("python") else program, peak)]
