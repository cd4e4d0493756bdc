"""A worker of ours and one of Celery's on one queue, each with tasks that the other does not know."""

from __future__ import annotations

import redis
from conftest import until


def test_what_only_celery_knows_gets_there(fleet):
    """Ours takes about half of the messages, and gives them back for the worker that knows them."""
    fleet.skirret("ours@unknown", "-Q", "celery")
    # Threads, as a solo worker answers no question while it works.
    fleet.python("theirs@unknown", "-Q", "celery", "-P", "threads")
    results = [fleet.send("python.add", number, 1) for number in range(40)]
    assert [result.get(timeout=30) for result in results] == list(range(1, 41))
    # The next ones do not wait for a question first.
    assert fleet.send("python.add", 20, 22).get(timeout=10) == 42
    client = redis.Redis.from_url(fleet.broker)
    until(lambda: not client.hlen("skirret:waiting") and not client.llen("celery"), what="nothing to be left")


def test_a_busy_worker_is_not_pestered(fleet):
    """While the one that knows them is busy, ours puts the messages aside for longer each time."""
    client = redis.Redis.from_url(fleet.broker)
    busy = [fleet.send("python.sleep", 2) for _ in range(12)]
    until(lambda: any(client.get(key) for key in client.keys("skirret:offered:*")), what="an offer")
    before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
    assert busy[0].get(timeout=60) == 2
    during = client.info("commandstats")["cmdstat_evalsha"]["calls"] - before
    # Heartbeats, sweeps and a few offers: hundreds of them would be a game of ping-pong.
    assert during < 300, during
    assert [result.get(timeout=90) for result in busy[1:]] == [2] * 11


def test_what_nobody_knows_still_waits(fleet):
    fleet.stop("theirs@unknown")
    result = fleet.send("nobody.knows")
    client = redis.Redis.from_url(fleet.broker)
    until(lambda: client.hexists("skirret:waiting", result.id), what="the message to wait")
    until(lambda: result.state == "FAILURE", what="its caller to be told")
    assert client.hexists("skirret:waiting", result.id)
