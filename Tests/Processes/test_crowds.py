"""V1, V2 and A13 at their full size, against `skirret api` in a process of its own; minutes long, so only with --full.

The bars are those of a release build on a machine that does nothing else; a debug build gets more time, and the same
exactness. Each test prints its figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from conftest import ROOT, SKIRRET, House, until
from audience import Audience
from crowd import Dripper, Listener, gather_in_waves

TOKEN = "token-of-the-crowd-tests-0123456789"
SLACK = 1 if "release" in str(SKIRRET) else 6
SIZE = float(os.environ.get("SKIRRET_CROWD", "1"))

pytestmark = pytest.mark.skipif(not os.environ.get("SKIRRET_FULL"), reason="minutes long: deploy/test --full runs it")


def crowd(size: int) -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = int(size * SIZE)
    if hard < wanted + 500:
        pytest.skip(f"{wanted} connections need more than the {hard} descriptors that a process may have here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 500), hard))
    return wanted


class Server:
    """One `skirret api` on a port of its own, and the events that it passes on."""

    def __init__(self, house: House) -> None:
        self.house = house
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        source = (ROOT / "Sources/API/Scripts/publish_event.lua").read_text()
        self._publish = house.redis.register_script(source)
        self.log = house.folder / "api.log"
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "SKIRRET_ADMIN_TOKEN": TOKEN}
        command = [SKIRRET, "api", "--redis", self.house.url, "--data-dir", self.house.folder / "data", "--port", str(self.port)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def wait_until_ready(self) -> None:
        until(lambda: self.asked("/health/live") is not None, 60, f"the server: {self.log.read_text()[-2000:]}")

    def asked(self, path: str, seconds: float = 60) -> float | None:
        """How long an answer took; nil while there is none."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        began = time.monotonic()
        try:
            urllib.request.urlopen(request, timeout=seconds).read()
        except OSError:
            return None
        return time.monotonic() - began

    def publish(self, **data: object) -> None:
        keys = ["skirret:events:history", "skirret:events:epoch"]
        self._publish(keys=keys, args=["skirret:events", '"updates"', json.dumps(data), 300, "crowd"])

    def megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def processor_seconds(self) -> float:
        """What it has used so far, of all processors together."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)


@contextmanager
def serving(house: House):
    server = Server(house)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


async def wait(found, seconds: float, what) -> None:
    end = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < end, f"waited {seconds} s: {what()}"
        await asyncio.sleep(0.05)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def test_a_herd_comes_back_and_has_lost_nothing(house):
    """V1: 5,000 listeners, and the relay's process is killed."""
    size = crowd(5000)

    async def body(server: Server) -> None:
        heard: list[list[int]] = [[] for _ in range(size)]
        listeners = [Listener(server.port, TOKEN, lambda data, of=of: of.append(data["n"])) for of in heard]
        running = []
        for start in range(0, size, 250):
            running += [asyncio.create_task(one.run()) for one in listeners[start : start + 250]]
            await wait(lambda: all(one.live for one in listeners[: start + 250]), 60, lambda: "the first connection")
        last = 0
        stopped = asyncio.Event()

        def told(last: int) -> str:
            late = [(of[-5:], one.live, one.code, one.attempt, one.place) for of, one in zip(heard, listeners) if of[-1] != last]
            return f"{len(late)} have not heard event {last}, as {late[:3]}"

        async def publish() -> None:
            nonlocal last
            while not stopped.is_set():
                last += 1
                await asyncio.to_thread(server.publish, n=last)
                await asyncio.sleep(0.5)

        publishing = asyncio.create_task(publish())
        await wait(lambda: all(heard), 60, lambda: f"{sum(map(bool, heard))} heard something")
        for one in listeners:
            one.live = False
        killed = time.monotonic()
        server.process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(server.process.wait)
        server.start()
        await wait(lambda: all(one.live for one in listeners), 10 * SLACK, lambda: f"{sum(one.live for one in listeners)} of {size} are back")
        back = time.monotonic() - killed
        stopped.set()
        await publishing
        assert all(one.recovered for one in listeners), f"{sum(not one.recovered for one in listeners)} must fetch anew"
        await wait(lambda: all(of[-1] == last for of in heard), 30 * SLACK, lambda: told(last))
        for one in listeners:
            one.stop()
        await asyncio.gather(*running)
        gaps = [of for of in heard if of != list(range(of[0], last + 1))]
        assert not gaps, f"{len(gaps)} missed or repeated something, as in {gaps[0]}"
        print(f"\nV1: {size} listeners were back {back:.1f} s after the kill; {last} events, none lost, none twice")

    with serving(house) as server:
        server.publish(n=0)  # There is a history: a client that came before it began could not say where it was.
        asyncio.run(body(server))


def test_slow_listeners_are_cut_and_nobody_else_notices(house):
    """V2: 50 of 1,000 read a kilobyte a second. The same thousand read as fast as they can before."""
    size, slow, probes = crowd(1000), 50, 20
    rate = float(os.environ.get("SKIRRET_CROWD_RATE", "20"))

    def body(server: Server, timed: Audience, others: Audience, lags: Audience) -> None:
        sent = 0

        def publish(seconds: float) -> tuple[list[float], str]:
            """What those that are timed waited for, in milliseconds, and who used how much of a processor."""
            nonlocal sent
            for one in (timed, others):
                one.begin()
            used, began, here = server.processor_seconds(), time.monotonic(), 0
            while (now := time.monotonic()) - began < seconds:
                server.publish(at=now, pad="x" * 8000)
                here += 1
                # The beat that is measured at, not a wait for anything.
                time.sleep(max(0, began + here / rate - time.monotonic()))
            took, used = time.monotonic() - began, server.processor_seconds() - used
            sent += here
            reports: list[dict] = []

            def all_have_heard() -> bool:
                reports[:] = [timed.report(), others.report()]
                return all(one["least"] == one["most"] == sent for one in reports)

            until(all_have_heard, 60, f"{sent} events; the others heard {[(one['least'], one['most']) for one in reports]}")
            assert not any(one["codes"] or one["cut"] for one in reports), "somebody else was cut"
            shares = f"relay {used / took:.0%}, timed {reports[0]['share']:.0%}, others {reports[1]['share']:.0%}"
            return [delay * 1000 for delay in reports[0]["delays"]], shares

        publish(3)  # The relay's and Python's first steps are slower.
        # As long as the slow ones will be there, so that both percentiles are of as many events.
        waits, shares = publish(15)
        usual = percentile(waits, 0.99)
        before = most = server.megabytes()
        lags.slow_down()
        began = time.monotonic()
        under: list[float] = []
        rounds: list[str] = []
        while (cut := lags.report()["cut"]) < slow:
            assert time.monotonic() - began < 60 * SLACK, f"{slow - cut} slow ones are still there"
            waits, slow_shares = publish(5)
            under += waits
            rounds.append(f"{percentile(waits, 0.99):.1f} ({slow_shares}; {cut} cut)")
            most = max(most, server.megabytes())
        took = time.monotonic() - began
        worst = percentile(under, 0.99)
        print(
            f"\nV2: {slow} of {size} listeners that read 1 KB/s under {rate:.0f} events/s of 8 KB were cut within {took:.0f} s; "
            f"p99 of others {usual:.1f} -> {worst:.1f} ms, memory +{most - before:.0f} MB"
            f"\n    of a processor, before: {shares}; with slow ones: {'; '.join(rounds)}"
        )
        assert most - before <= 64, f"{most - before:.0f} MB more"
        if SLACK == 1:
            # 10 ms: by so much two readings without slow ones differ, where relay, Redis and audiences share two cores.
            assert worst <= max(1.2 * usual, usual + 10), f"p99 {worst:.1f} ms, usually {usual:.1f}"

    with serving(house) as server, ExitStack() as audiences:
        sizes = [probes, size - slow - probes, slow]
        rooms = []
        for number, count in enumerate(sizes):
            rooms.append(Audience(server.port, TOKEN, [["updates"]] * count, timed=number == 0))
            audiences.callback(rooms[-1].end)
        body(server, *rooms)


def test_callers_who_never_finish_are_gone_and_others_are_served(house):
    """A13: 5,000 requests of which a byte comes each second."""
    size = crowd(5000)

    async def body(server: Server) -> None:
        loop = asyncio.get_running_loop()
        drips = [Dripper() for _ in range(size)]
        began = time.monotonic()
        await gather_in_waves(loop.create_connection(lambda one=one: one, "127.0.0.1", server.port) for one in drips)
        connected = time.monotonic() - began
        waits: list[float] = []
        while any(one.open for one in drips):
            assert time.monotonic() - began < connected + 15 + 15 * SLACK, f"{sum(one.open for one in drips)} are still there"
            for one in drips:
                one.drip()
            answer = await asyncio.to_thread(server.asked, "/api/tasks/")
            assert answer is not None, "somebody else was not served"
            waits.append(answer)
            await asyncio.sleep(max(0, 1 - answer))
        longest = max(one.ended - one.began for one in drips)
        assert longest <= 15 + 5 * SLACK, f"one of them lasted {longest:.1f} s"
        assert max(waits) <= 2 * SLACK, f"somebody waited {max(waits):.1f} s"
        print(
            f"\nA13: {size} connections in {connected:.1f} s; the last lasted {longest:.1f} s; "
            f"others waited {percentile(waits, 0.5) * 1000:.0f} ms, {max(waits) * 1000:.0f} ms at the most"
        )

    with serving(house) as server:
        asyncio.run(body(server))
