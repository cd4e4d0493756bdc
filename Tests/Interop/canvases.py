#!/usr/bin/env python3
"""Canvases across languages: one Python worker and one of ours on one Redis, every part on either of them.

Each canvas is built by Celery and run twice, with the parts dealt out to both workers in turn, once beginning with
ours and once with Python's. Then the same canvases go through `skirret call --signature -`, so that our client starts
them. The last line is "N passed, N failed".
"""

from __future__ import annotations

import argparse
import itertools
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from smoke import ROOT, Redis  # noqa: E402

try:
    from celery import Celery, chain, chord, group, uuid
except ImportError:
    print("SKIP canvases: Celery is not installed here; deploy/test installs it\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)

app = Celery("canvases")
app.conf.update(
    broker_connection_retry_on_startup=True, result_extended=False, task_default_queue="python",
    worker_enable_remote_control=False,
)


@app.task(name="samples.add")
def add(x, y):
    return x + y


@app.task(name="samples.total")
def total(numbers):
    return sum(numbers)


@app.task(name="samples.echo")
def echo(*args, **kwargs):
    return {"args": list(args), "kwargs": kwargs}


@app.task(name="samples.fail")
def fail(message):
    raise ValueError(message)


@app.task(name="samples.sleep")
def same(seconds):
    """Our worker's would sleep for a number; what errbacks get is an id, which both give back at once."""
    return seconds


@app.task(name="samples.replace", bind=True)
def replace(self, x):
    raise self.replace(chain(add.s(x, 1), add.s(1)))


@app.task(name="samples.replace_by_chord", bind=True)
def replace_by_chord(self, x):
    here, there = Deal(0), Deal(1)
    raise self.replace(chord([here(add.s(x, 1)), there(add.s(x, 2))], here(total.s())))


@app.task(name="samples.replace_by_group", bind=True)
def replace_by_group(self, x):
    deal = Deal(0)
    raise self.replace(group(deal(add.s(x, 1)), deal(add.s(x, 2))))


class Deal:
    """Gives signatures to both workers in turn."""

    def __init__(self, first: int):
        self._queues = itertools.cycle(["swift", "python"] if first == 0 else ["python", "swift"])

    def __call__(self, signature):
        return signature.set(queue=next(self._queues))


def canvases(q):
    """Name, canvas, expected result (an exception's class name for those that fail)."""
    a = lambda *args: q(add.s(*args))  # noqa: E731
    t = lambda: q(total.s())  # noqa: E731
    same = lambda: q(echo.s())  # noqa: E731
    yield "chain", chain(a(1, 1), a(2), a(3), a(4)), 11
    yield "group", group(a(1, 1), a(2, 2), a(3, 3)), [2, 4, 6]
    yield "chord", chord([a(1, 1), a(2, 2), a(3, 3)], t()), 12
    yield "chord of chains", chord([chain(a(1, 1), a(1), a(1)), chain(a(2, 2), a(2))], t()), 10
    yield "chain with a group", chain(a(1, 1), group(a(1), a(2)), t(), a(10)), 17
    yield "chain that ends in a group", chain(a(1, 1), group(a(1), a(2), a(3))), [3, 4, 5]
    yield "group of chains", group(chain(a(1, 1), a(1)), chain(a(2, 2), a(2))), [3, 6]
    yield "group after group", chain(group(a(1, 1), a(2, 2)), group(t(), t()), t()), 12
    yield "chord in a header", chord([chord([a(1, 1), a(2, 2)], t()), a(3, 3)], t()), 12
    yield "chord in a header of chains", chord(
        [chain(a(0, 1), chord([a(1), a(2)], t())), chain(a(1, 1), a(1))], t()), 8
    yield "chord with a chain as body", chord([a(1, 1), a(2, 2)], chain(t(), a(1), a(2))), 9
    yield "chord with a group as body", chord([a(1, 1), a(2, 2)], group(t(), t())), [6, 6]
    yield "chord with a chord as body", chord([a(1, 1), a(2, 2)], chord([t(), t()], t())), 12
    yield "group in a header", chord([chain(a(1, 1), group(a(1), a(2))), a(5, 5)], same()), {
        "args": [[[3, 4], 10]], "kwargs": {}}
    yield "groups flattened", group(a(1, 1), group(a(2, 2), a(3, 3))), [2, 4, 6]
    yield "empty header", chord([], t()), 0
    yield "map", q(total.map([[1, 2], [3]])), [3, 3]
    yield "starmap in a chain", chain(q(add.starmap([(1, 2), (3, 4)])), t()), 10
    yield "chunks", add.chunks([(1, 2), (3, 4), (5, 6)], 2).group(), [[3, 7], [11]]
    yield "immutable", chain(a(1, 1), q(add.si(5, 5))), 10
    yield "replace in a chain", chain(replace.s(1).set(queue="python"), a(1)), 4
    yield "replace in a header", chord([replace.s(1).set(queue="python"), a(1, 1)], t()), 5
    yield "failing chain", chain(a(1, 1), q(fail.si("mid")), a(1)), "ValueError"
    yield "failing header", chord([a(1, 1), q(fail.si("header"))], t()), "ChordError"
    yield "failing chain in a header", chord([a(1, 1), chain(q(fail.si("early")), a(1))], t()), "ChordError"
    yield "failing header before more", chain(group(a(1, 1), q(fail.si("header"))), t(), a(1)), "ChordError"
    yield "chords three deep", chord(
        [chord([chord([a(1, 1), a(2, 2)], t()), a(3, 3)], t()), chain(a(1, 1), a(1))], t()), 15
    yield "upgraded group in a header", chord([chain(group(a(1, 1), a(2, 2)), t()), a(3, 3)], t()), 12
    yield "groups upgraded twice", chain(group(a(1, 1), a(2, 2)), t(), group(a(1), a(2)), t(), a(1)), 16
    # The inner one on ours: Celery 5.7 alone never tells the outer chord that an inner one's header failed.
    here = lambda signature: signature.set(queue="swift")  # noqa: E731
    yield "failing chord in a header", chord(
        [chord([here(add.s(1, 1)), here(fail.si("deep"))], here(total.s())), a(2, 2)], t()), "ChordError"
    yield "failing body", chord([a(1, 1), a(2, 2)], q(fail.si("body"))), "ValueError"
    yield "failing chain as body", chord([a(1, 1)], chain(t(), q(fail.si("body")), a(1))), "ValueError"
    yield "failing body in a header", chord([chord([a(1, 1)], q(fail.si("body"))), a(1, 1)], t()), "ChordError"
    yield "replaced by a chord", chain(replace_by_chord.s(1).set(queue="python"), a(1)), 6
    yield "replaced by a chord in a header", chord([replace_by_chord.s(1).set(queue="python"), a(1, 1)], t()), 7
    yield "replaced by a group", chain(replace_by_group.s(1).set(queue="python"), t()), 5


def followers(q):
    """Name, canvas, the id of a callback or errback of it, that one's result."""
    a = lambda *args: q(add.s(*args))  # noqa: E731
    # No case shares its ids with another one.
    cases = [
        ("link", lambda end, _: q(add.s(1, 1)).set(link=[a(5).set(task_id=end)]), 7),
        ("link of a chain", lambda end, _: linked(chain(a(1, 1), a(1)), a(5).set(task_id=end)), 8),
        ("link to a chain", lambda end, _: q(add.s(1, 1)).set(link=[chain(a(5), a(1).set(task_id=end))]), 8),
        ("link_error", lambda end, bad: errand(q(fail.si("boom")), bad, q(same.s()), end), None),
        ("link_error in a chain", lambda end, bad: chain(
            a(1, 1), errand(q(fail.si("boom")), bad, q(same.s()), end), a(1)), None),
        ("link_error of a chord's body", lambda end, bad: chord(
            [a(1, 1), q(fail.si("boom"))], errand(q(total.s()), bad, q(same.s()), end)), None),
    ]  # fmt: skip
    for name, build, wanted in cases:
        follower, failing = uuid(), uuid()
        yield name, build(follower, failing), follower, wanted or failing


def linked(canvas, callback):
    canvas.link(callback)
    return canvas


def errand(signature, failing, errback, follower):
    """A signature with an id, and with an errback that has one."""
    return signature.set(task_id=failing, link_error=[errback.set(task_id=follower)])


def outcome(result):
    """A result, or the class of its exception; not that of a parent, which Celery's client would raise first."""
    try:
        got = result.get(timeout=20, propagate=False, disable_sync_subtasks=False)
    except Exception as error:  # noqa: BLE001: whatever it is, it is compared
        got = error
    return type(got).__name__ if isinstance(got, Exception) else got


def check(name, got, wanted, failures):
    if got == wanted:
        print(f"PASS {name}", flush=True)
        return 1
    print(f"FAIL {name}: expected {wanted!r}, got {got!r}", flush=True)
    failures.append(name)
    return 0


def called(skirret: Path, broker: str, signature) -> object:
    """The result of a canvas that `skirret call` starts."""
    command = [str(skirret), "call", "--signature", "-", "--wait", "20", "--json", "--redis", broker]
    done = subprocess.run(command, input=json.dumps(signature), capture_output=True, text=True, timeout=60)
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return f"{done.stdout}{done.stderr}"
    return answer["error"]["type"] if answer["error"] else answer["result"]


def checks(skirret: Path, broker: str) -> tuple[int, list[str]]:
    passed, failures = 0, []
    for first, starter in itertools.product((0, 1), ("celery", "skirret")):
        for name, canvas, wanted in canvases(Deal(first)):
            got = outcome(canvas.apply_async()) if starter == "celery" else called(skirret, broker, canvas)
            passed += check(f"{name} ({starter}, {'ours' if first == 0 else 'Python'} first)", got, wanted, failures)
        for name, canvas, follower, wanted in followers(Deal(first)):
            canvas.apply_async() if starter == "celery" else called(skirret, broker, canvas)
            got = outcome(app.AsyncResult(follower))
            passed += check(f"{name} ({starter}, {'ours' if first == 0 else 'Python'} first)", got, wanted, failures)
    return passed, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skirret", type=Path, default=ROOT / ".build/debug/skirret")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        app.conf.update(broker_url=options.worker, result_backend=options.worker)
        app.worker_main(["worker", "-Q", "python,celery", "-c", "2", "-P", "threads", "--without-gossip", "-l", "WARNING"])
        return 0
    if not options.skirret.exists():
        print(f"SKIP canvases: {options.skirret} is not there; --skirret names it\n0 passed, 0 failed, 1 skipped")
        return 0
    with Redis() as broker, tempfile.TemporaryDirectory(prefix="skirret-canvases-") as data:
        app.conf.update(broker_url=broker, result_backend=broker)
        ours = f"{options.skirret.resolve()} worker --samples --data-dir {data} --redis {broker} -Q swift -c 4"
        commands = [shlex.split(ours + " --log-level warning"), [sys.executable, __file__, "--worker", broker]]
        with tempfile.TemporaryFile("w+") as said:
            workers = [subprocess.Popen(command, stdout=said, stderr=said) for command in commands]
            try:
                passed, failures = checks(options.skirret.resolve(), broker)
            finally:
                for worker in workers:
                    worker.terminate()
                for worker in workers:
                    worker.wait(20)
            if failures:
                said.seek(0)
                print("What both workers said:\n" + said.read()[-8000:])
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
