"""Plugins whose broker is found through sentinels: every way to Redis, before and after a failover."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
import redis

from skirret_plugin.driver import HostServer

#: How long a master is silent before it is called down.
DOWN_AFTER = 500
#: How often sentinels look and talk. Four `publish-period`s are more than the second after which a promoter looks.
PERIODS = ["info-period", "100", "ping-period", "100", "ask-period", "100", "publish-period", "500"]
PASSWORD = "sentinels' own"

PLUGIN = """
    from celery import shared_task

    @shared_task(name="sentinel.echo")
    def echo(text):
        return text

    class Plugin:
        def run(self, action, params, context):
            from core.utils import RedisClient
            from django.core.cache import cache
            cache.set("where", action)
            sent = echo.delay(action)
            return [RedisClient.get_client().ping(), cache.get("where"), sent.state, RedisClient.get_client().info("server")["tcp_port"]]
"""


class Group:
    """A master, a replica and three sentinels in a folder of their own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="skirret-sentinel-")
        self.processes = {}
        master, replica = free_port(), free_port()
        self._start(master, "redis-server", "--port", str(master))
        self._start(replica, "redis-server", "--port", str(replica), "--replicaof", "127.0.0.1", str(master))
        self.master, self.replica, self.sentinels = master, replica, [free_port() for _ in range(3)]
        for port in self.sentinels:
            path = os.path.join(self.folder, f"{port}.conf")
            with open(path, "w") as file:
                file.write(
                    f'port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {master} 2\n'
                    f"sentinel down-after-milliseconds main {DOWN_AFTER}\nsentinel failover-timeout main 3000\n"
                    f'requirepass "{PASSWORD}"\nsentinel sentinel-pass "{PASSWORD}"\n'
                )
            self._start(port, "redis-server", path, "--sentinel", "--dir", self.folder)
        for port in self.sentinels:
            until(lambda: self.ask(port).execute_command("SENTINEL", "DEBUG", *PERIODS))
            until(lambda: self._knows_all(port))

    def _start(self, port, *command):
        extra = [] if "--sentinel" in command else ["--bind", "127.0.0.1", "--save", "", "--dir", self.folder]
        self.processes[port] = subprocess.Popen([*command, *extra], stdout=subprocess.DEVNULL)

    def ask(self, port):
        return redis.Redis(port=port, password=PASSWORD, decode_responses=True)

    def _knows_all(self, port):
        state = self.ask(port).sentinel_master("main")
        replicas = self.ask(port).sentinel_slaves("main")
        sound = [(replica["flags"], replica["master-link-status"]) for replica in replicas] == [("slave", "ok")]
        return state["num-other-sentinels"] == 2 and state["flags"] == "master" and sound

    def fail_over(self):
        """Kills the master and waits until all sentinels name the replica."""
        self.processes[self.master].kill()
        for port in self.sentinels:
            until(lambda: self.ask(port).sentinel_get_master_addr_by_name("main")[1] == self.replica)

    def close(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
        shutil.rmtree(self.folder)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def until(condition, seconds=60):
    """The first true value; a server that does not answer yet counts as false."""
    end = time.monotonic() + seconds
    while True:
        try:
            if value := condition():
                return value
        except redis.RedisError:
            pass
        assert time.monotonic() < end, "the sentinels did not come to it"
        time.sleep(0.05)


@pytest.fixture
def group():
    made = Group()
    yield made
    made.close()


def test_a_plugin_reaches_the_master_and_after_a_failover_the_next_one(group, environment, make_plugin):
    server = HostServer(
        {
            **environment,
            "SKIRRET_BROKER_URL": ";".join(f"sentinel://127.0.0.1:{port}/3" for port in group.sentinels),
            "SKIRRET_BROKER_OPTIONS": json.dumps({"master_name": "main", "sentinel_kwargs": {"password": PASSWORD}}),
        }
    )
    try:
        plugin = server.spawn(make_plugin("sentinel", PLUGIN))
        assert plugin.run("before")["result"] == [True, "before", "PENDING", group.master]
        assert redis.Redis(port=group.master, db=3).llen("celery") == 1
        # What a master has not passed on when it dies is lost, whoever sent it.
        until(lambda: redis.Redis(port=group.replica, db=3).llen("celery") == 1)
        group.fail_over()

        def works():
            try:
                return plugin.run("after")["result"] == [True, "after", "PENDING", group.replica]
            except AssertionError:  # the first call finds its connections broken, and says so
                return False

        until(works)
        assert redis.Redis(port=group.replica, db=3).llen("celery") >= 2
    finally:
        server.close()
