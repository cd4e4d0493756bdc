"""Runs cases side by side, each in a process of its own, and prints what they found."""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from itertools import chain
from pathlib import Path

from . import sabotage
from .cases import CASES, Case
from .scene import Scene, Settings, Skip
from .verdict import Bars, Verdict, judge

#: A short case that takes longer than this hangs.
SHORT_LIMIT_SECONDS = 200
FULL_LIMIT_SECONDS = 1800
#: For the books of a case that ended in the middle.
_NO_BARS = Bars(double_starts=None, needs_recovery=False, accepted=0, is_clean=False)


def run_here(id: str, seed: int, settings: Settings, result: Path, keep: Path | None) -> int:
    """Runs one case in this process, from its main thread."""
    scene, began = Scene(settings, seed), time.monotonic()
    verdict = Verdict(id, seed)
    try:
        bars = CASES[id].body(scene)
        books = scene.ledger()
        verdict = judge(books, bars, id, seed)
        if not verdict.faults:
            verdict.faults = sabotage.blind_spots(books, bars)
    except Skip as reason:
        verdict.skipped = str(reason)
    except Exception as error:
        with contextlib.suppress(Exception):  # the books may be out of reach; what went wrong is told in any case
            verdict = judge(scene.ledger(), _NO_BARS, id, seed)
            verdict.faults.clear()
        place = traceback.extract_tb(sys.exc_info()[2])
        own = [frame for frame in place if "judge" in frame.filename][-1]
        verdict.faults.append(f"{type(error).__name__}: {error} ({Path(own.filename).name}:{own.lineno})")
    finally:
        verdict.faults += scene.faults
        verdict.notes += scene.notes
        verdict.seconds = time.monotonic() - began
        scene.close(keep / f"{id}-{seed}" if keep and verdict.faults else None)
    result.write_text(json.dumps(verdict.as_json()))
    return 0


def run_all(options: argparse.Namespace, settings: Settings) -> int:
    chosen = [one for one in CASES.values() if not options.case or one.id.upper() in options.case]
    runs = [(one, seed) for one in chosen for seed in _seeds(one, options)]
    runs.sort(key=lambda run: -run[0].seconds)
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="skirret-judge-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        apart = partial(_run_apart, options=options, settings=settings, folder=Path(folder))
        waiting = [pool.submit(apart, *run) for run in runs if not run[0].is_alone]
        together = (future.result() for future in as_completed(waiting))
        alone = (apart(*run) for run in runs if run[0].is_alone)
        for verdict in chain(together, alone):
            print(verdict.line, flush=True)
            verdicts.append(verdict)
    verdicts.sort(key=lambda verdict: (_place(verdict.case), verdict.seed))
    if options.table:
        options.table.write_text(table(verdicts))
    counts = {word: sum(verdict.word == word for verdict in verdicts) for word in ("PASS", "FAIL", "SKIPPED")}
    if not options.case:
        wrong = sabotage.faults()
        print("\n".join(wrong) or f"the verdict found out {sabotage.count()} doctored ledgers")
        counts["FAIL" if wrong else "PASS"] += 1
    skipped = f", {counts['SKIPPED']} skipped" if counts["SKIPPED"] else ""
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed{skipped}", flush=True)
    return 1 if counts["FAIL"] else 0


def _place(id: str) -> tuple[int, int, str]:
    """Workers, Redis, time, load, messages, malformed ones, and the rest; by number in each."""
    digits = "".join(letter for letter in id if letter.isdigit())
    return ("WRTLMB" + id[0]).index(id[0]), int(digits or 0), id


def _seeds(one: Case, options: argparse.Namespace) -> list[int]:
    if options.seed is not None:
        return [options.seed]
    return list(range(1, one.seeds + 1)) if options.full else [1]


def _run_apart(
    one: Case, seed: int, *, options: argparse.Namespace, settings: Settings, folder: Path
) -> Verdict:
    result = folder / f"{one.id}-{seed}.json"
    command = [
        sys.executable, "-m", "judge", "--case", one.id, "--seed", str(seed), "--worker", shlex.join(settings.worker),
        "--result", str(result), *(["--full"] if options.full else []),
        *(["--minutes", str(options.minutes)] if options.minutes is not None else []),
        *(["--keep", str(options.keep.resolve())] if options.keep else []),
    ]  # fmt: skip
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        cwd=Path(__file__).parents[1], text=True,
    )  # fmt: skip
    limit = (FULL_LIMIT_SECONDS if options.full else SHORT_LIMIT_SECONDS) + (options.minutes or 0) * 60
    try:
        said, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.terminate()  # it closes what it started, and its children die with it
        said, _ = process.communicate()
    if result.exists():
        return Verdict(**json.loads(result.read_text()))
    about = f"the case ended without a verdict (code {process.returncode}): {said[-1500:]}"
    return Verdict(one.id, seed, faults=[about], seconds=time.monotonic() - began)


def table(verdicts: list[Verdict]) -> str:
    """Markdown, one row a case with its seeds added up."""
    lines = [
        "| case | fault | seeds | accepted | done | dead | lost | double starts | double completions | refused "
        "| recovery p50/p99/max, s | |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|",
    ]
    for one in sorted(CASES.values(), key=lambda one: _place(one.id)):
        mine = [verdict for verdict in verdicts if verdict.case == one.id]
        if not mine:
            continue
        ran = [verdict for verdict in mine if not verdict.skipped]
        if not ran:
            lines.append(f"| {one.id} | {one.title} | 0 | | | | | | | | | skipped: {mine[0].skipped} |")
            continue
        sums = [
            sum(getattr(verdict, name) for verdict in ran)
            for name in ("accepted", "done", "dead", "lost", "double_starts", "double_completions", "refused")
        ]
        together = Verdict(one.id, 0, recovery=[seconds for verdict in ran for seconds in verdict.recovery])
        failed = sum(bool(verdict.faults) for verdict in ran)
        end = f"{failed} of {len(ran)} off the bar" if failed else "pass"
        cells = [one.id, one.title, str(len(ran)), *(f"{number:,}" for number in sums), together.percentiles, end]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
