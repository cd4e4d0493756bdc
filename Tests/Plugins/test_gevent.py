"""The part of gevent that plugins use: greenlets are threads, a server answers, and what is missing says so."""

import urllib.error
import urllib.request

import pytest

#: As public plugins start their own server: in a thread that stays for as long as the server.
SERVING = """
    import threading
    import gevent
    from gevent import pywsgi

    class Plugin:
        def run(self, action, params, context):
            return getattr(self, action)(context)
        def start(self, context):
            started = threading.Event()
            def serve():
                from gevent import sleep, spawn
                self.server = pywsgi.WSGIServer(listener=("127.0.0.1", 0), application=self.answer, log=None)
                self.server.init_socket()
                self.running = True
                self.greenlet = spawn(self.server.serve_forever)
                started.set()
                while self.running:
                    sleep(0.01)
            self.thread = threading.Thread(target=serve, daemon=True)
            self.thread.start()
            started.wait(60)
            return {"port": self.server.server_port}
        def answer(self, environ, start_response):
            from apps.channels.models import Channel
            if environ["PATH_INFO"] == "/broken":
                raise KeyError("url")
            start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
            return [f"{environ['REQUEST_METHOD']} {environ['QUERY_STRING']} {Channel.objects.count()}".encode()]
        def stop(self, context):
            self.server.stop(timeout=5)
            self.running = False
            self.thread.join(60)
            return {"running": self.thread.is_alive() or bool(self.greenlet.join(60) or not self.greenlet.dead)}
"""


def get(port, path):
    """(status, text) of a request."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def test_a_plugins_own_server_answers_until_it_is_stopped(server, make_plugin):
    plugin = server.spawn(make_plugin("serving", SERVING), sandbox={})
    port = plugin.run("start")["port"]
    assert get(port, "/?a=1") == (200, "GET a=1 0")
    assert get(port, "/broken")[0] == 500
    assert get(port, "/?a=2")[0] == 200
    logged = [frame["message"] for frame in plugin.frames.take_all("log")]
    assert any("KeyError: 'url'" in line for line in logged) and not any("GET" in line for line in logged), logged
    assert plugin.run("stop") == {"running": False}
    with pytest.raises(urllib.error.URLError):
        get(port, "/")


def test_a_port_that_is_taken_is_an_error_where_the_server_starts(inside):
    assert inside(
        """
        import socket
        from gevent.pywsgi import WSGIServer
        with socket.create_server(("127.0.0.1", 0)) as taken:
            server = WSGIServer(taken.getsockname(), print)
            try:
                server.serve_forever()
            except OSError as error:
                result = [error.errno, server.started]
        import errno
        result[0] = errno.errorcode[result[0]]
        try:
            WSGIServer(("127.0.0.1", 0), print, keyfile="x")
        except NotImplementedError as error:
            result.append("keyfile" in str(error))
        """
    ) == ["EADDRINUSE", False, True]


def test_greenlets_are_started_awaited_and_killed(inside):
    assert inside(
        """
        import gevent
        from gevent.event import AsyncResult, Event
        from gevent.pool import Pool

        def fail():
            raise KeyError("url")
        reached = Event()
        def loop():
            try:
                reached.set()
                while True:
                    gevent.sleep(1000)
            finally:
                ended.set("tidied")
        ended = AsyncResult()
        looping, failed, added = gevent.spawn(loop), gevent.spawn(fail), gevent.spawn(lambda a, b=1: a + b, 2, b=3)
        late = gevent.spawn_later(1000, print)
        late.kill()
        assert reached.wait(60)
        looping.kill(timeout=60)
        done = gevent.joinall([added, failed, looping, late], timeout=60)
        result = [len(done), added.get(), type(failed.exception).__name__, failed.successful(), looping.successful(),
                  type(looping.value).__name__, ended.get(timeout=60), late.dead, bool(added)]
        try:
            failed.get()
        except KeyError as error:
            result.append(error.args[0])
        running, most = [], []
        def count(n):
            running.append(n); most.append(len(running)); gevent.sleep(0.01); running.remove(n)
            return n * n
        pool = Pool(2)
        result += [pool.map(count, range(6)), max(most) <= 2, pool.join(60), type(gevent.getcurrent()).__name__]
        """
    ) == [4, 5, "KeyError", False, True, "GreenletExit", "tidied", True, False, "url",
          [0, 1, 4, 9, 16, 25], True, True, "Thread"]  # fmt: skip


def test_a_greenlet_that_spins_is_killed_too_and_one_that_goes_on_sleeps_again(inside):
    assert inside(
        """
        import gevent
        from gevent.event import Event
        spinning, sleeping = Event(), Event()
        def spin():
            spinning.set()
            while True:
                pass
        def stubborn():
            try:
                sleeping.set()
                gevent.sleep(1000)
            except gevent.GreenletExit:
                for _ in range(3):
                    gevent.sleep(0.01)
                return "as I please"
        one, two = gevent.spawn(spin), gevent.spawn(stubborn)
        spinning.wait(60), sleeping.wait(60)
        gevent.killall([one, two], timeout=60)
        result = [one.dead, two.get(timeout=60)]
        """
    ) == [True, "as I please"]


def test_a_kill_at_any_moment_of_a_short_life_ends_it(inside):
    """Also one that comes when the function has returned and the end is being written down."""
    assert inside(
        """
        import gevent
        ends = []
        for _ in range(50):
            one = gevent.spawn(lambda: sum(range(500)))
            one.kill(timeout=60)
            ends.append(one.dead and one.ready() and one.exception is None)
        result = [len(ends), all(ends)]
        """
    ) == [50, True]


def test_a_time_limit_ends_a_block(inside):
    assert inside(
        """
        import gevent
        result = []
        with gevent.Timeout(0.05, False):
            gevent.spawn(gevent.sleep, 1000).join()
            result.append("never")
        try:
            with gevent.Timeout(0.05):
                while True:
                    pass
        except gevent.Timeout as error:
            result.append(str(error))
        try:
            with gevent.Timeout(0.05, ValueError("mine")):
                while True:
                    pass
        except ValueError as error:
            result.append(str(error))
        with gevent.Timeout(1000) as limit:
            result.append(limit.pending)
        wait = lambda: gevent.spawn(gevent.sleep, 1000).get()
        result += [limit.pending, gevent.with_timeout(0.05, wait, timeout_value=7)]
        try:
            gevent.spawn(gevent.sleep, 1000).get(timeout=0.01)
        except gevent.Timeout as error:
            result.append(error.seconds)
        """
    ) == ["0.05 seconds", "mine", True, False, 7, 0.01]


def test_nothing_is_patched_and_celery_still_knows_threads_for_threads(inside):
    seen = inside(
        """
        import gevent, gevent.subprocess, socket
        from gevent import monkey
        from kombu.utils.compat import _detect_environment
        before = socket.socket
        monkey.patch_all()
        result = [monkey.is_module_patched("threading"), socket.socket is before, _detect_environment(),
                  gevent.subprocess.run(["true"]).returncode]
        try:
            import gevent.socket
        except ModuleNotFoundError as error:
            result.append(str(error))
        """
    )
    assert seen[:4] == [False, True, "default", 0] and "greenlets are threads here" in seen[4], seen
