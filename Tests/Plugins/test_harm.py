"""Plugins that mean harm, each in its way; everyone else goes on, and nothing of them is left."""

import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import FIXTURES, SOURCES
from skirret_plugin.driver import HostServer

HARM = """
    import ctypes, os, signal, subprocess, sys, threading, time

    def hold(megabytes):
        data = bytearray(b"x") * (megabytes << 20)
        time.sleep(1e6)
        return data

    class Plugin:
        def run(self, action, params, context):
            self.context = context
            return getattr(self, action)(**params)

        def fork_bomb(self):
            while True:
                try:
                    os.fork()
                except OSError:
                    time.sleep(0.01)

        def fork_many(self, count):
            for _ in range(count):
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(1e6)
            self.context["emit_event"]("forked")
            time.sleep(1e6)

        def fork_hogs(self, count, megabytes):
            for _ in range(count):
                if os.fork() == 0:
                    hold(megabytes)
            time.sleep(1e6)

        def ignore_signals(self):
            self.context["emit_event"]("deaf")
            with open("pid", "w") as file:
                file.write(str(os.getpid()))
            script = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(1e6)"
            return [subprocess.Popen([sys.executable, "-c", script], start_new_session=True).pid for _ in range(3)]

        def hop(self):
            # A chain of processes, each of which has gone when somebody looks for it.
            if os.fork() == 0:
                os.setsid()
                while True:
                    if os.fork():
                        os._exit(0)
                    os.setsid()
            return "hopping"

        def litter(self):
            script = (
                "import os\\n"
                "for number in range(3, 64):\\n"
                "    try: os.write(number, b'garbage ' * 100)\\n"
                "    except OSError: pass\\n"
            )
            subprocess.run([sys.executable, "-c", script], close_fds=False, check=True)
            return "littered"

        def fill(self, size):
            with open("giant", "wb") as file:
                for _ in range(size >> 20):
                    file.write(bytes(1 << 20))

        def environment(self):
            with open("/proc/self/environ") as file:
                initial = file.read()
            child = subprocess.run(["env"], capture_output=True, text=True).stdout
            return repr(dict(os.environ)) + initial + child
"""


@pytest.fixture
def harm(server, make_plugin):
    folder = make_plugin("harm", HARM)
    return lambda **limits: server.spawn(folder, limits, sandbox={})


def tree_of(server):
    """What the server has running, but for the server."""
    pids, waiting = [], [server.process.pid]
    while waiting:
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(waiting.pop())], capture_output=True, text=True)
        children = [int(pid) for pid in listed.stdout.split()]
        pids += children
        waiting += children
    return pids


def wait_until_only(server, pids, seconds=20):
    end = time.monotonic() + seconds
    while set(tree_of(server)) - set(pids):
        assert time.monotonic() < end, f"still there: {tree_of(server)}"
        time.sleep(0.02)


@pytest.mark.skipif(os.geteuid() != 0, reason="a limit on processes needs a user that runs nothing else")
def test_a_fork_bomb_is_ended_with_all_its_processes_and_others_go_on(server, harm):
    other = server.spawn(FIXTURES / "my_plugin", sandbox={})
    bomb = harm(processes=24)
    bomb.call("run", action="fork_bomb")
    began = time.monotonic()
    assert other.run("do_work")["processed"] == 5
    assert bomb.exited()["excess"] == "processes"
    wait_until_only(server, [other.pid])
    assert time.monotonic() - began < 20
    assert other.run("do_work")["processed"] == 5


@pytest.mark.skipif(os.geteuid() != 0, reason="without root the kernel's own limit comes first")
def test_more_processes_than_allowed_end_the_plugin_whoever_they_run_as(server, make_plugin):
    plugin = server.spawn(make_plugin("many", HARM), {"processes": 12})
    plugin.call("run", action="fork_many", params={"count": 40})
    assert plugin.exited()["excess"] == "processes"
    wait_until_only(server, [])


def test_memory_is_counted_over_all_that_a_plugin_started(server, harm):
    hog = harm(memory_bytes=400 << 20)
    hog.call("run", action="fork_hogs", params={"count": 4, "megabytes": 150})
    exited = hog.exited()
    assert (exited["excess"], exited["signal"]) == ("memory", signal.SIGKILL)
    wait_until_only(server, [])


def test_processes_within_their_limits_are_left_alone(server, harm):
    family = harm(memory_bytes=512 << 20, processes=64)
    family.call("run", action="fork_hogs", params={"count": 3, "megabytes": 60})
    time.sleep(1.2)  # two looks of the server: nothing happens, for which there is no event
    assert len(tree_of(server)) == 4


def test_what_ignores_signals_ends_with_its_plugin(server, harm):
    plugin = harm()
    family = plugin.run("ignore_signals")["result"]
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        for pid in family:
            os.kill(pid, number)
    assert set(family) <= set(tree_of(server))
    plugin.end()
    wait_until_only(server, [])


def test_a_process_that_hops_from_pid_to_pid_is_caught(server, harm):
    plugin = harm(processes=64)
    assert plugin.run("hop")["result"] == "hopping"
    os.killpg(plugin.pid, signal.SIGKILL)
    plugin.exited()
    wait_until_only(server, [], seconds=10)


def test_garbage_on_every_descriptor_of_a_child_disturbs_nothing(harm):
    plugin = harm()
    assert plugin.run("litter")["result"] == "littered"
    assert plugin.run("litter")["result"] == "littered"


def test_a_giant_file_ends_at_its_limit(harm):
    plugin = harm(file_bytes=8 << 20)
    error = plugin.fail("fill", {"size": 64 << 20})
    assert error["type"] == "OSError" and error["args"][0] == 27  # EFBIG
    assert plugin.run("environment")


def test_an_environment_has_no_secrets(environment, make_plugin, monkeypatch):
    monkeypatch.setenv("SKIRRET_ADMIN_TOKEN", "the-admin-token")
    given = {
        **environment,
        "SKIRRET_BACKEND_URL": "redis://user:backend-password@127.0.0.1:1/0",
        "SKIRRET_BROKER_OPTIONS": '{"master_name": "m", "sentinel_kwargs": {"password": "sentinel-password"}}',
    }
    server = HostServer(given)
    try:
        plugin = server.spawn(make_plugin("curious", HARM), sandbox={})
        seen = plugin.run("environment")["result"]
        plugin.end()
    finally:
        server.close()
    assert "SKIRRET_BROKER_URL" in seen, "a socket's path is no secret"
    for secret in ("backend-password", "sentinel-password", "the-admin-token"):
        assert secret not in seen


def test_only_log_ins_are_secrets():
    code = (
        "from skirret_host.secrets import is_secret as s\n"
        "print([s(v) for v in ('redis://h/0', 'redis://:p@h/0', 'sentinel://h;sentinel://u:p@h', '', '{}',"
        " 'redis+socket:///a@b/c', '{\"password\": 1}')])"
    )
    made = subprocess.check_output([sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCES)}, text=True)
    assert made.strip() == "[False, True, True, False, False, False, True]"


EVIL = "class Evil:\n    def __reduce__(self): import os; return (os.mkdir, ('reduced',))\n"


@pytest.mark.parametrize("code", [
    "result = float('nan')", "result = {'a': [1, {2, 3}]}", "result = {'a': b'bytes'}", "result = {(1, 2): 3}",
    "result = []; result.append(result)", "result = 'x' * (200 << 20)", EVIL + "result = {'a': [Evil()]}",
    "result = None\nfor _ in range(5000): result = [result]",
])  # fmt: skip
def test_what_is_not_json_is_an_error_of_its_call(inside, code):
    error = inside.plugin.fail("go", {"code": code})
    assert error["type"] == "Unserialisable" and error["message"].startswith("result"), error
    assert len(error["message"]) < 1000
    assert not inside("import os; result = os.path.exists('reduced')")
