"""`skirret worker` takes the flags of `celery worker`, and Python peers of the same database see what they mean."""

from __future__ import annotations

import subprocess
import time

import celery
from conftest import SKIRRET, until


def test_celery_s_spellings(fleet):
    pidfile = fleet.folder / "worker.pid"
    node = fleet.skirret(
        "flags@interop", "-Q", "celery,slow", "-c", "2", "-E", "-P", "prefork", "-O", "fair", "--prefetch-multiplier",
        "4", "--without-gossip", "--without-mingle", "-l", "INFO", "--pidfile", str(pidfile), "--acks-late",
        "--soft-time-limit", "0.5", "--time-limit", "30",
    )  # fmt: skip
    assert int(pidfile.read_text()) == fleet.processes[node].pid
    assert {queue["name"] for queue in fleet.inspect(node, "active_queues")} == {"celery", "slow"}
    assert "changes nothing here" in fleet.log(node) and "--prefetch-multiplier" in fleet.log(node)
    sleeper = fleet.send("samples.sleep", 60, queue="slow")
    until(lambda: sleeper.state == "FAILURE", what="the worker's own soft time limit")

    command = [str(SKIRRET), "worker", "--samples", "--broker", fleet.broker, "--data-dir", str(fleet.folder)]
    second = subprocess.run([*command, "--pidfile", str(pidfile)], capture_output=True, text=True, timeout=30)
    assert second.returncode == 64 and "which runs" in second.stderr
    assert fleet.stop(node) == 0
    assert not pidfile.exists()


def test_wrong_values_are_told(fleet):
    def says(*flags: str) -> str:
        done = subprocess.run([str(SKIRRET), "worker", *flags], capture_output=True, text=True, timeout=30)
        assert done.returncode == 64, done
        return done.stderr

    assert "exclude each other" in says("--acks-late", "--acks-early")
    assert 'got "shutdwon"' in says("--remote-control", "inspect,shutdwon")
    assert "--visibility-timeout: expected seconds" in says("--visibility-timeout", "0")


def test_leases_are_renewed_well_below_the_visibility_timeout(fleet):
    node = fleet.skirret("visible@interop", "--visibility-timeout", "4")
    assert "shorter than a lease" in fleet.log(node)
    redis = fleet.app.connection().default_channel.client
    running = fleet.send("samples.sleep", 60)
    until(lambda: fleet.inspect(node, "active"), what="the task to run")
    oldest, end = 0.0, time.monotonic() + 6
    while time.monotonic() < end:
        held = redis.zrange("unacked_index", 0, -1, withscores=True)
        assert held, "the message is in unacked while it runs"
        seconds, microseconds = redis.time()
        oldest = max(oldest, seconds + microseconds / 1e6 - held[0][1])
        time.sleep(0.05)
    assert oldest < 3, "a Python worker with this timeout would take the message for abandoned"
    fleet.app.control.revoke(running.id, terminate=True)
    until(lambda: running.state == "REVOKED", what="the task to end")
    assert fleet.stop(node) == 0


def test_acks_early(fleet):
    node = fleet.skirret("early@interop", "--acks-early")
    redis = fleet.app.connection().default_channel.client
    running = fleet.send("samples.sleep", 60)
    (active,) = until(lambda: fleet.inspect(node, "active"), what="the task to run")
    assert active["acknowledged"] is True and redis.hlen("unacked") == 0
    fleet.app.control.revoke(running.id, terminate=True)
    until(lambda: running.state == "REVOKED", what="the task to end")
    assert fleet.stop(node) == 0


def test_key_prefix(fleet):
    options = {"global_keyprefix": "tenant"}
    app = celery.Celery("prefixed", broker=fleet.broker, backend=fleet.broker)
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
    command = [str(SKIRRET), "worker", "--samples", "-b", fleet.broker, "--data-dir", str(fleet.folder)]
    worker = subprocess.Popen([*command, "-n", "tenant@interop", "--key-prefix", "tenant", "-l", "warning"])
    try:
        until(lambda: app.control.ping(destination=["tenant@interop"], timeout=0.5), 30, "the prefixed worker")
        assert app.send_task("samples.add", args=(2, 3)).get(timeout=20) == 5
        assert fleet.cli("call", "samples.add", "--args", "[3,4]", "--wait", "--key-prefix", "tenant").strip() == "7"
        assert "tenant@interop: OK" in fleet.cli("status", "--key-prefix", "tenant", "-t", "3")
        keys = fleet.app.connection().default_channel.client.keys("*")
        assert any(key.startswith(b"tenant_celery-task-meta-") for key in keys)
        ours = [key for key in keys if b"skirret:" in key]
        assert any(key.startswith(b"tenant") for key in ours)
    finally:
        worker.terminate()
        assert worker.wait(30) == 0
