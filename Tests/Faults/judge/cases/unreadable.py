"""Rows L4, M1, M3 and B: messages that cannot be read."""

from __future__ import annotations

import base64
import json
import os
import pickle
import time
import uuid
from pathlib import Path

import redis

from ..books import task_id
from ..messages import message
from ..processes import until
from ..scene import Scene, Skip
from ..verdict import Bars
from ..watcher import PREFIX
from . import case

ROOT = Path(__file__).resolve().parents[4]
#: What a real Celery sent and stored, beside the checkout or where SKIRRET_SHARED says.
FIXTURES = Path(os.environ.get("SKIRRET_SHARED") or ROOT / "../shared") / "fixtures/celery"


def _with_body(text: str, **changes: object) -> str:
    return json.dumps(json.loads(text) | changes)


def pickled(marker: Path) -> str:
    """A body that touches a file when it is unpickled."""
    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, (f"touch {marker}",)

    return base64.b64encode(pickle.dumps(([Payload()], {}, {}))).decode()


@case("L4", "undecodable and unsupported messages", seeds=1, seconds=10)
def undecodable(scene: Scene) -> Bars:
    def good() -> str:
        return message("samples.journal", [str(scene.journal)])[1]

    deep = '{"a":' * 900 + "1" + "}" * 900
    return _all_die(scene, {
        "bad base64": _with_body(good(), body="*** not base64 ***"),
        "half a base64": _with_body(good(), body=json.loads(good())["body"][:-3]),
        "unknown content type": _with_body(good(), **{"content-type": "application/x-nonsense"}),
        "unknown encoding": _with_body(good(), **{"content-encoding": "utf-99"}),
        "not an object": json.dumps([good()]),
        "no text at all": "",
        "deep": "[" * 20_000 + "]" * 20_000,
        "deep inside": _with_body(good(), headers=None).replace('"headers": null', '"headers": ' + deep),
        "binary": b"\xff\xfe\x00\x01" * 50,
    })  # fmt: skip


@case("M1", "pickle and YAML that would run code", seeds=1, seconds=10)
def code_in_messages(scene: Scene) -> Bars:
    marker = scene.folder / "executed"
    yaml = base64.b64encode(f"!!python/object/apply:os.system ['touch {marker}']".encode()).decode()
    kinds = {
        "pickle": ("application/x-python-serialize", pickled(marker)),
        "yaml": ("application/x-yaml", yaml),
        "pickle called data": ("application/data", pickled(marker)),
        "msgpack": ("application/x-msgpack", base64.b64encode(b"\x93\x90\x80\x80").decode()),
    }
    bars = _all_die(scene, {
        name: _with_body(
            message("samples.journal", [str(scene.journal)])[1],
            body=body, **{"content-type": kind, "content-encoding": "binary"},
        )
        for name, (kind, body) in kinds.items()
    })  # fmt: skip
    scene.check(not marker.exists(), "what a message said was executed")
    with scene.redis.client() as client:
        letters = [text.partition("\n")[0] for text in client.hvals("skirret:dead:letters")]
    unnamed = [letter for letter in letters if "content" not in letter]
    scene.check(not unnamed, f"a letter does not blame the content type: {unnamed[:1]}")
    return bars


@case("M3", "fields that make no sense", seeds=1, seconds=10)
def senseless_fields(scene: Scene) -> Bars:
    def with_headers(**headers: object) -> str:
        return message("samples.journal", [str(scene.journal)], headers=headers)[1]

    return _all_die(scene, {
        "eta in words": with_headers(eta="tomorrow"),
        "eta a number": with_headers(eta=5),
        "eta in the year 10000": with_headers(eta="10000-01-01T00:00:00+00:00"),
        "eta in month 13": with_headers(eta="2026-13-01T00:00:00+00:00"),
        "expires a list": with_headers(expires=[1, 2]),
        "expires in words": with_headers(expires="soon"),
        "retries beyond any number": with_headers(retries=2**63),
        "retries negative": with_headers(retries=-1),
        "retries in words": with_headers(retries="many"),
        "time limit negative": with_headers(timelimit=[-1, -1]),
        "time limit in words": with_headers(timelimit=["a", "b"]),
        "time limit no list": with_headers(timelimit="60"),
    })  # fmt: skip


def _all_die(scene: Scene, hostile: dict[str, str | bytes]) -> Bars:
    """Each one must end in the dead letters, bytes kept, with one line in the log, and hold nobody up."""
    scene.start_redis()
    worker = scene.start_worker(concurrency=1)
    mark = worker.mark()
    with scene.redis.client() as client:
        for name, text in hostile.items():
            client.lpush("celery", text)
            probe = scene.send()
            try:
                until(lambda probe=probe: client.exists(PREFIX + probe[0]), 10, "the task behind it")
            except AssertionError:
                scene.faults.append(f"{name}: the task behind it did not run; the worker is "
                                    f"{'alive' if worker.process.is_alive else 'gone'}")  # fmt: skip
                if not worker.process.is_alive:
                    worker.restart()
    with redis.Redis(port=scene.redis.port) as raw:
        kept = [text.partition(b"\n") for text in raw.hvals("skirret:dead:letters")]
        results = {key.decode(): raw.get(key) for key in raw.keys(PREFIX + "*")}
    for name, text in hostile.items():
        wanted = text.encode() if isinstance(text, str) else text
        if not any(bytes_ == wanted for _, _, bytes_ in kept):
            result = results.get(PREFIX + task_id(text)) if isinstance(text, str) else None
            state = json.loads(result)["status"] if result else "nothing"
            scene.faults.append(f"{name}: not in the dead letters with its bytes; its result is {state}")
    for head, _, _ in kept:
        scene.check(bool(json.loads(head).get("reason")), f"a letter without a reason: {head[:100]!r}")
    lines = [line for line in worker.lines_since(mark) if " WARNING " in line or " ERROR " in line]
    scene.check(len(lines) <= len(hostile), f"{len(lines)} lines in the log for {len(hostile)} messages: {lines[-1:]}")
    scene.settle(20)
    return Bars(accepted=len(hostile))


def _malformed() -> list[tuple[str, str]]:
    path = FIXTURES / "malformed.jsonl"
    if not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(line["case"], line["raw"]) for line in lines]


def _add_malformed() -> None:
    for number, (name, raw) in enumerate(_malformed()):
        case(f"B{number + 1:02}", f"malformed: {name.replace('_', ' ')}", seconds=3)(
            lambda scene, raw=raw: one_malformed(scene, raw)
        )
    if not _malformed():

        @case("B01", "every line of the recorded malformed messages", seconds=1)
        def absent(scene: Scene) -> Bars:
            raise Skip(f"{FIXTURES / 'malformed.jsonl'} is not there")


def one_malformed(scene: Scene, raw: str) -> Bars:
    """Recorded messages that end a Python worker: ours refuses or runs each, once, and goes on."""
    scene.start_redis()
    worker = scene.start_worker(concurrency=1)
    fresh = str(uuid.uuid4())
    known = task_id(raw)
    text = raw.replace(known, fresh) if len(known) == 36 else raw
    mark = worker.mark()
    with scene.redis.client() as client:
        client.lpush("celery", text)
        probe = scene.send()
        until(lambda: client.exists(PREFIX + probe[0]) or not worker.process.is_alive, 10, "the task behind it")
        scene.check(worker.process.is_alive, "it ended the worker")
        time.sleep(0.2)
        kept = [letter.partition("\n") for letter in client.hvals("skirret:dead:letters")]
        result = client.get(PREFIX + fresh)
    is_dead = any(bytes_ == text for _, _, bytes_ in kept)
    state = json.loads(result)["status"] if result else None
    scene.notes.append(f"dead letter: {json.loads(kept[0][0])['reason'][:110]}" if is_dead else f"result {state}")
    scene.check(is_dead or state in {"SUCCESS", "FAILURE"}, f"it is neither dead nor over: {state}, {kept}")
    scene.check(not (is_dead and state == "SUCCESS"), "it is dead and done")
    lines = [line for line in worker.lines_since(mark) if " WARNING " in line or " ERROR " in line]
    scene.check(len(lines) <= 1, f"{len(lines)} lines in the log, one is allowed: {lines}")
    scene.settle(10)
    return Bars()


_add_malformed()
