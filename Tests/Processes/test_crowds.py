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
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import ROOT, SKIRRET, House, until
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
    """V2: 50 of 1,000 read a kilobyte a second."""
    size, slow, probes = crowd(1000), 50, 20
    rate = float(os.environ.get("SKIRRET_CROWD_RATE", "20"))

    async def body(server: Server) -> None:
        delays: list[float] = []
        counts = [0] * (size - slow)

        def heard(index: int):
            def take(data: dict) -> None:
                counts[index] += 1
                if index < probes:
                    delays.append(time.monotonic() - data["at"])

            return take

        listeners = [Listener(server.port, TOKEN, heard(index)) for index in range(size - slow)]
        running = [asyncio.create_task(one.run()) for one in listeners]
        await wait(lambda: all(one.live for one in listeners), 60, lambda: "the first connection")

        async def publish(seconds: float) -> tuple[int, float]:
            nonlocal delays
            delays = []
            # Everybody has heard all that was sent before.
            known, sent, began = counts[0], 0, time.monotonic()
            while time.monotonic() - began < seconds:
                await asyncio.to_thread(server.publish, at=time.monotonic(), pad="x" * 8000)
                sent += 1
                await asyncio.sleep(max(0, began + sent / rate - time.monotonic()))
            want = known + sent
            await wait(lambda: min(counts) == max(counts) >= want, 60, lambda: f"{min(counts)} to {max(counts)} of {want}")
            return sent, percentile(delays, 0.99)

        # Python itself has to warm up, too.
        await publish(3)
        _, usual = await publish(10)
        before = server.megabytes()
        loop = asyncio.get_running_loop()
        lags = [Listener(server.port, TOKEN, lambda data: None) for _ in range(slow)]
        for one in lags:
            one.is_over = True  # Connects once.
            one.gone = loop.create_future()
            one.buffer, one.greeted = bytearray(), False
            await loop.create_connection(lambda one=one: one, "127.0.0.1", server.port)
        await wait(lambda: all(one.live for one in lags), 60, lambda: "the slow ones")
        for one in lags:
            one.transport.pause_reading()
        most = before
        reading = asyncio.create_task(_crawl(lags))
        sent = 0
        began = time.monotonic()
        under: list[float] = []
        while not all(one.is_cut for one in lags):
            assert time.monotonic() - began < 60 * SLACK, f"{sum(not one.is_cut for one in lags)} slow ones are still there"
            more, delay = await publish(5)
            sent += more
            under.append(delay)
            most = max(most, server.megabytes())
        reading.cancel()
        took = time.monotonic() - began
        for one in listeners:
            one.stop()
        await asyncio.gather(*running)
        assert all(one.code is None for one in listeners), "nobody else was cut"
        assert most - before <= 64, f"{most - before:.0f} MB more"
        worst = max(under)
        if SLACK == 1:
            assert worst <= max(1.2 * usual, usual + 0.02), f"p99 {worst * 1000:.1f} ms, usually {usual * 1000:.1f}"
        print(
            f"\nV2: {slow} of {size} listeners that read 1 KB/s under {rate:.0f} events/s of 8 KB were cut within {took:.0f} s; "
            f"p99 of others {usual * 1000:.1f} -> {worst * 1000:.1f} ms, memory +{most - before:.0f} MB"
        )

    with serving(house) as server:
        asyncio.run(body(server))


async def _crawl(lags: list[Listener]) -> None:
    """Reads a little of each, each second."""
    while True:
        await asyncio.sleep(1)
        for one in lags:
            if one.transport.is_closing():
                continue
            sock = one.transport.get_extra_info("socket")
            try:
                if not os.read(sock.fileno(), 1024):
                    one.transport.abort()
            except BlockingIOError:
                pass
            except OSError:
                one.transport.abort()


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
