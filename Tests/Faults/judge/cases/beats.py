"""Rows T: clocks that are wrong, and beats that die."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..ledger import read_runs
from ..processes import OwnProcess, until
from ..scene import Scene, Skip
from ..verdict import Bars
from . import case

TAKEN_OVER = 10.0
WRONG_CLOCK = Path(__file__).parents[1] / "wrong_clock.c"


@case("T1", "a worker's clock is an hour off, either way", seeds=2, seconds=30)
def wrong_clock(scene: Scene) -> Bars:
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        raise Skip("no C compiler; Swift's toolchain brings clang")
    library = scene.folder / "wrong_clock.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(WRONG_CLOCK)], check=True)
    scene.start_redis()
    for name, offset in (("ahead", "3600"), ("behind", "-3600")):
        environment = {"LD_PRELOAD": str(library), "JUDGE_CLOCK_OFFSET": offset}
        worker = scene.start_worker(name, concurrency=4, environment=environment)
        hour = (datetime.now(UTC) + timedelta(seconds=int(offset))).strftime("%Y-%m-%dT%H:")
        scene.check(hour in worker.process.said(), f"{name} does not believe in the wrong hour: this showed nothing")
    scene.start_worker("right", concurrency=4)
    # Longer than a lease, so that one that ran by a wrong clock would be taken.
    scene.send(15.0, count=9)
    due = datetime.now(UTC) + timedelta(seconds=6)
    due_at = time.monotonic() + 6
    later = scene.send(count=30, headers={"eta": due.isoformat()})
    scene.send(count=10, headers={"expires": (datetime.now(UTC) + timedelta(minutes=5)).isoformat()})
    scene.await_starts(later, within=30)
    times = [start.at - due_at for start in scene.runs() if start.task in set(later)]
    scene.notes.append(f"due tasks started {min(times):.2f} to {max(times):.2f} s after their time")
    scene.check(min(times) >= -0.1, f"a task started {-min(times):.1f} s before its time")
    scene.check(max(times) <= 5, f"a task started {max(times):.1f} s late")
    scene.settle()
    return Bars(accepted=49)


class Beats:
    """Beats over one database, with a worker that does what they send."""

    def __init__(self, scene: Scene, count: int) -> None:
        self.scene = scene
        self.folder = scene.folder / "data"
        scene.start_redis()
        scene.start_worker("runner")
        self.processes: list[OwnProcess] = []
        self.command = [
            scene.settings.skirret, "beat", "--redis", scene.redis.url, "--data-dir", str(self.folder),
        ]  # fmt: skip
        for _ in range(count):
            self.start()

    def start(self) -> OwnProcess:
        process = self.scene.start_process(self.command, f"beat{len(self.processes)}")
        self.processes.append(process)
        until(lambda: "beat is ready" in process.said() or not process.is_alive, 20, "a beat to be ready")
        assert process.is_alive, f"the beat ended: {process.said()[-300:]}"
        return process

    def schedule(self, seconds: int, name: str = "judged") -> None:
        """Every so many seconds, a journal task."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        path = json.dumps([str(self.scene.journal)])
        with sqlite3.connect(self.folder / "skirret.db", timeout=10) as database:
            interval = database.execute(
                "INSERT INTO django_celery_beat_intervalschedule (every, period) VALUES (?, 'seconds')", (seconds,)
            ).lastrowid
            database.execute(
                "INSERT INTO django_celery_beat_periodictask (name, task, interval_id, args, kwargs, headers, one_off,"
                " enabled, total_run_count, date_changed, description) VALUES (?, 'samples.journal', ?, ?, '{}', '{}',"
                " 0, 1, 0, ?, '')",
                (name, interval, path, now),
            )

    def leader(self) -> OwnProcess | None:
        """The beat that said last that it leads, among those alive."""
        with self.scene.redis.client() as client:
            names = [client.get(key) for key in client.keys("skirret:beat:leader*")]
        for process in self.processes:
            if process.is_alive and any(name and f"beat-{process.pid}@" in name for name in names):
                return process
        return None

    def firings(self) -> list[float]:
        return [start.at for start in self.scene.runs()]

    def fired_keys(self) -> int:
        with self.scene.redis.client() as client:
            return len(client.keys("skirret:beat:fired:*"))


@case("T4", "five beats, one schedule", seeds=1, seconds=30)
def five_beats(scene: Scene) -> Bars:
    beats = Beats(scene, 5)
    beats.schedule(1)
    until(beats.firings, 15, "the first firing")
    length = 300 if scene.is_full else 15
    end = time.monotonic() + length
    while time.monotonic() < end:
        time.sleep(min(10, length / 3))
        # Frozen, and awake again believing that it leads.
        if leader := beats.leader():
            leader.freeze()
            time.sleep(7.5)
            leader.thaw()
    _quiet(scene, beats)
    _one_each(scene, beats, 1)
    return Bars(accepted=0)


@case("T5", "the leading beat dies", seeds=2, seconds=40)
def leader_dies(scene: Scene) -> Bars:
    beats = Beats(scene, 2)
    beats.schedule(1)
    until(beats.firings, 15, "the first firing")
    for _ in range(10 if scene.is_full else 2):
        time.sleep(1 + scene.random.random())
        leader = until(beats.leader, 15, "a beat to lead")
        at = leader.kill()
        next_fire = until(lambda at=at: next((t for t in beats.firings() if t > at), None), 15, "another beat to fire")
        scene.resumed.append(next_fire - at)
        beats.start()
    _quiet(scene, beats)
    _one_each(scene, beats, 1)
    return Bars(accepted=0, recovery=TAKEN_OVER)


@case("T6", "no beat across three due times, each policy", seeds=2, seconds=25)
def beat_down(scene: Scene) -> Bars:
    """Three schedules with the same due times, one for each policy; exact counts."""
    every, missed = 3, 3
    beats = Beats(scene, 1)
    policies = {"skip": 0, "latest": 1, "all": missed}
    first_due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    first_due_at = time.monotonic() + (first_due - datetime.now(UTC)).total_seconds()
    journals = {policy: scene.folder / f"journal-{policy}" for policy in policies}
    for policy, journal in journals.items():
        command = [
            scene.settings.skirret, "schedules", "set", policy, "--redis", scene.redis.url, "--every", f"{every}s",
            "--start", first_due.strftime("%Y-%m-%dT%H:%M:%SZ"), "--missed", policy, "--task", "samples.journal",
            "--args", json.dumps([str(journal)]),
        ]  # fmt: skip
        made = subprocess.run(command, capture_output=True, text=True)
        assert made.returncode == 0, f"skirret schedules set: {made.stderr[-300:]}"

    def firings(policy: str) -> list[float]:
        return [start.at for start in read_runs(journals[policy])]

    until(lambda: all(len(firings(policy)) == 2 for policy in policies), 20, "two firings of each")
    beats.processes[0].kill()
    second_due_at = first_due_at + every
    time.sleep(max(0, second_due_at + missed * every + 0.3 - time.monotonic()))
    scene.check(all(len(firings(policy)) == 2 for policy in policies), "something fired without a beat")
    beats.start()
    # Well before the next due time.
    time.sleep(max(0, second_due_at + (missed + 1) * every - 0.3 - time.monotonic()))
    for policy, expected in policies.items():
        caught_up = len(firings(policy)) - 2
        scene.notes.append(f"{policy}: {caught_up} of {missed} missed")
        found = f"{policy}: {caught_up} firings for {missed} missed ones, expected {expected}"
        scene.check(caught_up == expected, found)
    time.sleep(1.5)
    for policy, expected in policies.items():
        scene.check(len(firings(policy)) == 2 + expected + 1, f"{policy}: it did not go on with the next due time")
    _quiet(scene, beats)
    return Bars(accepted=0)


def _quiet(scene: Scene, beats: Beats) -> None:
    for process in beats.processes:
        process.kill()
    time.sleep(1)
    scene.settle()


def _one_each(scene: Scene, beats: Beats, seconds: float) -> None:
    """As many runs as due times: a fire key for each, and never two within one interval."""
    fired, keys = len(beats.firings()), beats.fired_keys()
    scene.notes.append(f"{fired} firings, {keys} fire keys")
    scene.check(fired > 3, f"only {fired} firings: this showed nothing")
    scene.check(fired == keys, f"{fired} tasks ran for {keys} due times")
    span = beats.firings()[-1] - beats.firings()[0]
    scene.check(fired <= span / seconds + 2, f"{fired} firings in {span:.1f} s")
