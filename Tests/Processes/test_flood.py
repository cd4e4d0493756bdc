"""V4 at its full size: a plugin that says far more than anybody hears; half a minute long, so only with --full."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import urllib.request

import pytest

from conftest import SKIRRET
from crowd import Listener
from test_crowds import SLACK, TOKEN, Server, percentile, wait

pytestmark = pytest.mark.skipif(not os.environ.get("SKIRRET_FULL"), reason="half a minute long: deploy/test --full runs it")

SECONDS = 10
#: Events a second that a plugin may send, and how many at once.
RATE, BURST = 200, 400

FLOODER = """
    import time

    class Plugin:
        actions = [{"id": "flood"}]
        def run(self, action, params, context):
            sent, began = 0, time.monotonic()
            while (now := time.monotonic()) < began + params["seconds"]:
                while sent < (now - began) * 20000:
                    context["emit_event"]("drop", {"n": sent})
                    sent += 1
                time.sleep(0.001)
            return {"sent": sent}
"""
CALM = """
    import time

    class Plugin:
        actions = [{"id": "tick"}]
        def run(self, action, params, context):
            began = time.monotonic()
            for number in range(int(params["seconds"] * 20)):
                time.sleep(max(0, began + number / 20 - time.monotonic()))
                context["emit_event"]("tick", {"n": number, "at": time.monotonic()})
            return {"sent": number + 1}
"""


class Platform(Server):
    """All of Skirret, with the two plugins."""

    def start(self) -> None:
        plugins = self.house.folder / "plugins"
        for key, source in (("flooder", FLOODER), ("calm", CALM)):
            (plugins / key).mkdir(parents=True)
            (plugins / key / "plugin.py").write_text(textwrap.dedent(source))
        (self.house.folder / "data").mkdir(mode=0o700)
        environment = {**os.environ, "SKIRRET_ADMIN_TOKEN": TOKEN}
        environment.setdefault("SKIRRET_PYTHON", sys.executable)
        command = [
            SKIRRET, "serve", "--redis", self.house.url, "--data-dir", self.house.folder / "data",
            "--plugins-dir", plugins, "--port", str(self.port),
        ]  # fmt: skip
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)

    def ask(self, path: str, body: dict | None = None) -> dict:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Prefer": "respond-async"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def begin(self, key: str, action: str) -> str:
        body = {"action": action, "params": {"seconds": SECONDS}}
        return self.ask(f"/api/plugins/plugins/{key}/run/", body)["task_id"]


def test_a_flood_is_dropped_and_counted_and_nobody_else_notices(house):
    """V4: one plugin emits 20,000 events a second beside another that emits 20."""

    async def body(server: Platform) -> None:
        heard: dict[str, list[tuple[int, float]]] = {"flooder": [], "calm": []}

        def take(data: dict) -> None:
            if data.get("type") == "plugin_event":
                payload = data["payload"]
                heard[data["plugin"]].append((payload["n"], time.monotonic() - payload.get("at", 0)))

        listener = Listener(server.port, TOKEN, take)
        running = asyncio.create_task(listener.run())
        await wait(lambda: listener.live, 60, lambda: "the listener")

        async def finished(task: str) -> int:
            while True:
                answer = await asyncio.to_thread(server.ask, f"/api/tasks/{task}/")
                if answer["ready"]:
                    assert answer["state"] == "SUCCESS", answer
                    return answer["result"]["sent"]
                await asyncio.sleep(0.2)

        async def ticks() -> float:
            heard["calm"].clear()
            sent = await finished(await asyncio.to_thread(server.begin, "calm", "tick"))
            await wait(lambda: len(heard["calm"]) >= sent, 60, lambda: f"{len(heard['calm'])} of {sent} ticks")
            assert [number for number, _ in heard["calm"]] == list(range(sent)), "each tick, once, in its order"
            return percentile([delay for _, delay in heard["calm"]], 0.99)

        usual = await ticks()
        flood = await asyncio.to_thread(server.begin, "flooder", "flood")
        await wait(lambda: heard["flooder"], 60, lambda: "the flood")
        under = await ticks()
        sent = await finished(flood)

        def told() -> int:
            logs = server.ask(f"/api/tasks/{flood}/logs/")
            return sum(map(int, re.findall(r"(\d+) events dropped here", json.dumps(logs))))

        end = time.monotonic() + 60
        while (dropped := await asyncio.to_thread(told)) + len(heard["flooder"]) < sent:
            assert time.monotonic() < end, f"of {sent} events {len(heard['flooder'])} came, and {dropped} are said to be dropped"
            await asyncio.sleep(0.2)
        listener.stop()
        await running
        assert dropped + len(heard["flooder"]) == sent
        assert len(heard["flooder"]) <= RATE * (SECONDS + 2) + BURST
        if SLACK == 1:
            assert under <= max(1.2 * usual, usual + 0.02), f"p99 {under * 1000:.1f} ms, usually {usual * 1000:.1f}"
        print(
            f"\nV4: {sent} events in {SECONDS} s, {len(heard['flooder'])} passed on, {dropped} counted as dropped; "
            f"p99 of another plugin's {usual * 1000:.1f} -> {under * 1000:.1f} ms"
        )

    server = Platform(house)
    try:
        server.wait_until_ready()
        for key in ("flooder", "calm"):
            server.ask(f"/api/plugins/plugins/{key}/enabled/", {"enabled": True})
        asyncio.run(body(server))
    finally:
        server.stop()
