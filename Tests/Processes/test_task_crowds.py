"""Readings of many pages that have tasks open: SKIRRET_READINGS=1, and worth believing in a release build on a quiet
machine. They print; what they assert is that everybody heard the end, and that Redis does not pay for each socket.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from audience import Audience
from conftest import until
from test_crowds import TOKEN, crowd, percentile, serving

pytestmark = pytest.mark.skipif(not os.environ.get("SKIRRET_READINGS"), reason="a reading: set SKIRRET_READINGS=1")

SECONDS = 10


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("interval", [1.0, 0.25])
@pytest.mark.parametrize("is_shared", [False, True], ids=["each its own task", "all one task"])
def test_sockets_that_follow_tasks(house, is_shared, interval):
    """Each task's progress is written anew each `interval`; the delay is from there to the socket."""
    size = crowd(3000)
    tasks = [f"7c5a3a5e-0000-4000-8000-{0 if is_shared else number:012d}" for number in range(size)]
    written = sorted(set(tasks))

    def write(number: int) -> None:
        for start in range(0, len(written), 500):
            batch = house.redis.pipeline(transaction=False)
            for task in written[start : start + 500]:
                progress = {"at": time.monotonic(), "percent": 0.0, "message": f"step {number}"}
                batch.set(f"skirret:progress:{task}", json.dumps(progress))
            batch.execute()

    with serving(house) as server:
        before, redis_pid = server.megabytes(), house.redis.info("server")["process_id"]
        listens = len(house.redis.client_list("pubsub"))
        began = time.monotonic()
        audience = Audience(server.port, TOKEN, [[f"task:{task}"] for task in tasks], timed=True)
        try:
            opened = time.monotonic() - began
            write(0)
            until(lambda: audience.report()["least"] >= 1, 60, "the first step at every socket")
            kilobytes = (server.megabytes() - before) * 1024 / size
            channels = house.redis.execute_command("PUBSUB", "CHANNELS")
            subscribers = house.redis.client_list("pubsub")

            audience.begin()
            used = [server.processor_seconds(), processor_seconds(redis_pid)]
            began, rounds = time.monotonic(), 0
            while time.monotonic() - began < SECONDS:
                write(rounds)
                rounds += 1
                # The beat that is measured at, not a wait for anything.
                time.sleep(max(0, began + rounds * interval - time.monotonic()))
            took = time.monotonic() - began
            report = audience.report()
            used = [server.processor_seconds() - used[0], processor_seconds(redis_pid) - used[1]]
            delays = [delay * 1000 for delay in report["delays"]]
            print(
                f"\n{size} sockets on {len(written)} tasks, each written every {interval} s: opened in {opened:.1f} s, "
                f"{kilobytes:.1f} KB of the relay's memory each; {len(channels)} channels, {len(subscribers)} subscribers;"
                f" {len(delays) / took:.0f} events/s delivered of {rounds * size / took:.0f} written;"
                f" p50 {percentile(delays, 0.5):.0f} ms, p99 {percentile(delays, 0.99):.0f} ms; of a processor: "
                f"relay {used[0] / took:.0%}, Redis {used[1] / took:.0%}, audience {report['share']:.0%}"
            )
            assert len(subscribers) == listens, "a socket costs Redis a subscription"
            heard = audience.report()["least"]
            write(rounds)
            until(lambda: audience.report()["least"] > heard, 60, "the last step at every socket")
        finally:
            audience.end()
