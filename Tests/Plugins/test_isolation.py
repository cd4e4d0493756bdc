"""What a plugin can do to others, to the machine and to the protocol: nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import FIXTURES, quickest
from skirret_plugin.driver import HostServer

HARMFUL = """
    import ctypes, os, signal, subprocess, sys, threading, time

    class Plugin:
        def run(self, action, params, context):
            return getattr(self, action)(params, context)

        def nap(self, params, context):
            context["emit_event"]("napping")
            time.sleep(params.get("seconds", 1e6))
            return "rested"

        def spin(self, params, context):
            context["emit_event"]("spinning")
            while True:
                pass

        def hold_the_lock(self, params, context):
            # In C, as a regular expression that finds no end: the interpreter's lock is never given away.
            hold = ctypes.PyDLL(None).sleep
            is_told = False
            while True:
                try:
                    if not is_told:
                        is_told = True
                        context["emit_event"]("holding")
                    hold(1000)
                except BaseException:
                    pass  # a cancel that came between the event and the call

        def tidy_up(self, params, context):
            from celery.exceptions import SoftTimeLimitExceeded
            try:
                context["emit_event"]("working")
                time.sleep(1e6)
            except SoftTimeLimitExceeded:
                time.sleep(0.01)
                return "tidied"

        def die(self, params, context):
            os.kill(os.getpid(), getattr(signal, params["signal"]))
            time.sleep(1e6)

        def leave(self, params, context):
            os._exit(params["code"])

        def raise_family(self, params, context):
            # A child in the group, one in its own session, and one that is nobody's child any more.
            script = "import time; time.sleep(1e6)"
            child = subprocess.Popen([sys.executable, "-c", script])
            session = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
            orphan = subprocess.run(
                ["sh", "-c", "setsid sleep 1000000 > /dev/null 2>&1 & echo $!"], stdout=subprocess.PIPE, check=True
            )
            return [child.pid, session.pid, int(orphan.stdout)]

        def swallow(self, params, context):
            return len(bytearray(params["bytes"]))

        def write(self, params, context):
            with open(params["path"], "wb") as file:
                file.write(bytes(params["bytes"]))

        def open_many(self, params, context):
            files = []
            while True:
                files.append(open("/dev/null"))

        def threads(self, params, context):
            started = [threading.Thread(target=time.sleep, args=(0.2,)) for _ in range(params["count"])]
            for one in started:
                one.start()
            return len(started)

        def privileges(self, params, context):
            return ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)

        def limits(self, params, context):
            import resource
            return [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)]
"""


@pytest.fixture
def harmful(server, make_plugin):
    folder = make_plugin("harmful", HARMFUL)
    return lambda **limits: server.spawn(folder, limits)


def wait_for_event(plugin, name):
    plugin.frames.take(lambda frame: frame["type"] == "event" and frame["event"] == name, name)


def wait_until_gone(pids):
    for _ in range(2000):
        pids = [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
        if not pids:
            return
        time.sleep(0.005)  # the end of somebody else's child cannot be waited for
    raise AssertionError(f"still there: {pids}")


@pytest.mark.parametrize("action", ["nap", "spin"])
def test_a_cancel_ends_a_call_and_the_plugin_answers_the_next(harmful, action):
    plugin = harmful()
    number = plugin.call("run", action=action)
    wait_for_event(plugin, "napping" if action == "nap" else "spinning")
    began = time.monotonic()
    plugin.cancel(number)
    error = plugin.answer(number)["error"]
    assert error["type"] == "SoftTimeLimitExceeded" and "plugin.py" in error["traceback"]
    assert time.monotonic() - began < 10
    assert plugin.run("nap", {"seconds": 0.01})["result"] == "rested"


def test_a_plugin_may_catch_its_cancel_and_tidy_up(harmful):
    plugin = harmful()
    number = plugin.call("run", action="tidy_up")
    wait_for_event(plugin, "working")
    plugin.cancel(number)
    plugin.cancel(number)
    assert plugin.answer(number)["result"]["result"] == "tidied"


def test_a_cancel_that_comes_too_late_harms_nobody(harmful):
    plugin = harmful()
    assert plugin.run("nap", {"seconds": 0})
    plugin.cancel(1)
    assert plugin.run("nap", {"seconds": 0.01})["result"] == "rested"


def test_a_cancel_strikes_its_own_call_only(harmful):
    plugin = harmful()
    first, second = plugin.call("run", action="nap"), plugin.call("run", action="nap", params={"seconds": 0.3})
    wait_for_event(plugin, "napping")
    wait_for_event(plugin, "napping")
    plugin.cancel(first)
    assert plugin.answer(first)["error"]["type"] == "SoftTimeLimitExceeded"
    assert plugin.answer(second)["result"]["result"] == "rested"


def test_a_killed_plugin_is_reported_while_another_completes(server, harmful):
    victim, other = harmful(), server.spawn(FIXTURES / "my_plugin")
    victim.call("run", action="nap")
    wait_for_event(victim, "napping")
    os.kill(victim.pid, signal.SIGKILL)
    assert other.run("do_work")["processed"] == 5
    exited = victim.exited()
    assert (exited["signal"], exited["code"]) == (9, None)
    assert exited["max_rss_bytes"] > 10_000_000
    with pytest.raises(AssertionError, match="the socket ended"):
        victim.answer(1)


@pytest.mark.parametrize(("action", "params", "report"), [
    ("die", {"signal": "SIGSEGV"}, (11, None)),
    ("die", {"signal": "SIGTERM"}, (15, None)),
    ("leave", {"code": 0}, (None, 0)),
    ("leave", {"code": 3}, (None, 3)),
])  # fmt: skip
def test_every_end_is_reported_as_what_it_was(harmful, action, params, report):
    plugin = harmful()
    plugin.call("run", action=action, params=params)
    exited = plugin.exited()
    assert (exited["signal"], exited["code"]) == report


@pytest.mark.parametrize(("code", "report"), [
    ("os.kill(os.getpid(), signal.SIGSEGV); time.sleep(1e6)", (11, None)),  # another thread may be the one it meets
    ("os._exit(0)", (None, 0)),
    ("import ctypes; ctypes.string_at(0)", (11, None)),
])  # fmt: skip
def test_a_plugin_that_dies_at_its_import_is_reported_and_others_go_on(server, make_plugin, code, report):
    other = server.spawn(FIXTURES / "my_plugin")
    plugin = server.spawn(make_plugin("dying", f"import os, signal, time\nprint('last words', flush=True)\n{code}\n"))
    number = plugin.call("run", action="go")
    assert other.run("do_work")["processed"] == 5
    exited = plugin.exited()
    assert (exited["signal"], exited["code"]) == report
    with pytest.raises(AssertionError, match="the socket ended"):
        plugin.answer(number)
    assert "last words" in plugin.output("stdout")


def test_what_holds_the_interpreters_lock_hears_no_cancel_but_a_kill_and_others_go_on(server, harmful):
    plugin, other = harmful(), server.spawn(FIXTURES / "my_plugin")
    number = plugin.call("run", action="hold_the_lock")
    wait_for_event(plugin, "holding")
    plugin.cancel(number)
    with pytest.raises(AssertionError, match="waited 0.5 s"):
        plugin.answer(number, 0.5)
    assert other.run("do_work")["processed"] == 5
    plugin.kill()
    assert plugin.exited()["signal"] == signal.SIGKILL
    assert other.run("do_work")["processed"] == 5


def test_nothing_that_a_plugin_started_outlives_it(harmful):
    plugin = harmful()
    family = plugin.run("raise_family")["result"]
    assert all(os.path.exists(f"/proc/{pid}") for pid in family)
    os.kill(plugin.pid, signal.SIGKILL)
    plugin.exited()
    wait_until_gone(family)


def test_the_end_of_the_socket_ends_the_plugin_and_its_family(harmful):
    plugin = harmful()
    family = plugin.run("raise_family")["result"]
    plugin.call("run", action="spin")
    wait_for_event(plugin, "spinning")
    assert plugin.end()["signal"] == signal.SIGKILL
    wait_until_gone(family)


def test_the_end_of_the_control_socket_ends_everything(environment, make_plugin):
    server = HostServer(environment)
    plugins = [server.spawn(make_plugin(name, HARMFUL)) for name in ("one", "two")]
    pids = [pid for plugin in plugins for pid in (plugin.pid, *plugin.run("raise_family")["result"])]
    server.close()
    wait_until_gone(pids)


def test_the_death_of_the_server_ends_its_plugins(environment, make_plugin):
    server = HostServer(environment)
    plugin = server.spawn(make_plugin("one", HARMFUL))
    plugin.run("nap", {"seconds": 0})
    server.process.kill()
    server.process.wait()
    wait_until_gone([plugin.pid])


def test_too_much_memory_is_a_memory_error(harmful):
    plugin = harmful(memory_bytes=400_000_000)
    assert plugin.fail("swallow", {"bytes": 10**9})["type"] == "MemoryError"
    assert plugin.run("swallow", {"bytes": 200_000_000})["result"] == 200_000_000
    assert plugin.run("threads", {"count": 16})["result"] == 16


def test_files_descriptors_cores_and_privileges_are_limited(harmful, tmp_path):
    plugin = harmful(files=64, file_bytes=1_000_000)
    assert plugin.fail("open_many")["type"] == "OSError"
    assert plugin.fail("write", {"path": str(tmp_path / "big"), "bytes": 2_000_000})["type"] == "OSError"
    assert plugin.run("privileges")["result"] == 1
    assert plugin.run("limits")["result"] == [0, 64]


def test_a_process_that_a_plugin_forks_cannot_mix_its_frames_in(server, make_plugin):
    plugin = server.spawn(
        make_plugin(
            "forking",
            """
            import logging, multiprocessing

            def work(emit):
                for number in range(50):
                    logging.info("from the fork %s", "x" * 5000)
                try:
                    emit("forged")
                except OSError:
                    logging.info("nothing emitted")

            class Plugin:
                def run(self, action, params, context):
                    process = multiprocessing.get_context("fork").Process(target=work, args=(context["emit_event"],))
                    process.start()
                    for number in range(50):
                        logging.info("from the plugin %s", "x" * 5000)
                    process.join()
                    return process.exitcode
            """,
        )
    )
    assert plugin.run("go")["result"] == 0
    assert len(plugin.frames.take_all("log")) == 50 and plugin.frames.take_all("event") == []
    plugin.end()
    lines = plugin.output("stderr").splitlines()
    assert len(lines) == 51 and lines[-1] == "INFO root: nothing emitted"


def test_a_plugin_that_cannot_be_imported_says_why_each_time(server, make_plugin):
    plugin = server.spawn(make_plugin("broken", "import nowhere_to_be_found\n"))
    for _ in range(2):
        error = plugin.fail("do_work")
        assert error["type"] == "PluginLoadError"
        assert error["message"].startswith("needs the Python package 'nowhere_to_be_found', which the plugin host")


def test_a_hanging_import_is_ended_by_a_cancel(server, make_plugin):
    plugin = server.spawn(make_plugin("slow", "import logging, time\nlogging.info('importing')\ntime.sleep(1e6)\n"))
    number = plugin.call("run", action="do_work")
    plugin.frames.take(lambda frame: frame["type"] == "log" and frame["message"] == "importing")
    plugin.cancel(number)
    assert plugin.answer(number)["error"]["type"] == "SoftTimeLimitExceeded"


def test_fifty_starts_and_ends_leave_nothing_behind(server, environment):
    def descriptors():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    before = descriptors()
    for _ in range(50):
        plugin = server.spawn(FIXTURES / "my_plugin")
        plugin.call("run", action="do_work")
        plugin.kill()
        assert plugin.exited()["signal"] == 9
    assert descriptors() == before
    children = subprocess.run(["ps", "--ppid", str(server.process.pid), "-o", "pid="], capture_output=True, text=True)
    assert children.stdout.strip() == ""


def test_a_start_is_fast(server):
    seconds = quickest(lambda: server.spawn(FIXTURES / "my_plugin").run("do_work"))
    print(f"spawn to first result: {seconds * 1000:.1f} ms", file=sys.stderr)
    assert seconds < 1
