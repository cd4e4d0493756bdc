"""A real redis-server, a real database with the real models' tables, and the real fork server."""

import base64
import json
import shutil
import tempfile
import textwrap
import time

import pytest

from place import SOURCES, TESTS  # first: it makes the kit importable
from skirret_plugin.driver import HostServer
from skirret_plugin.place import host_environment, make_database, start_redis

FIXTURES = TESTS / "fixtures"

__all__ = ("FIXTURES", "SOURCES", "TESTS")


@pytest.fixture(scope="session")
def redis_server():
    """A private redis-server on a unix socket; yields the socket's path."""
    folder = tempfile.mkdtemp(prefix="skirret-redis-")  # short: a socket's path has at most 107 bytes
    process, path = start_redis(folder)
    yield path
    process.kill()
    process.wait()
    shutil.rmtree(folder)


@pytest.fixture
def redis(redis_server):
    """A client of the private redis-server, emptied."""
    import redis

    with redis.Redis(unix_socket_path=redis_server) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    """A database file of this run's own."""
    path = tmp_path_factory.mktemp("database") / "skirret.db"
    make_database(path)
    return path


@pytest.fixture(scope="session")
def environment(redis_server, database, tmp_path_factory):
    """What the supervisor gives the host, and nothing else."""
    return host_environment(redis_server, database, tmp_path_factory.mktemp("data"), FIXTURES)


@pytest.fixture(scope="session")
def warm_server(environment):
    """One fork server for all tests: a plugin's process is each test's own."""
    server = HostServer(environment)
    yield server
    server.close()


@pytest.fixture
def server(warm_server):
    """The fork server; ends the test's plugins afterwards."""
    yield warm_server
    warm_server.end_plugins()


@pytest.fixture
def make_plugin(tmp_path):
    """Writes a plugin from source and returns its folder."""

    def make(name, source, **files):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "plugin.py").write_text(textwrap.dedent(source))
        for file, text in files.items():
            (folder / file.replace("__", ".")).write_text(text)
        return folder

    return make


def quickest(act, times=5):
    """Seconds of the quickest of several times: the others waited for a processor that others had."""
    seconds = []
    for _ in range(times):
        began = time.monotonic()
        act()
        seconds.append(time.monotonic() - began)
    return min(seconds)


RUNNER = """
    class Plugin:
        def run(self, action, params, context):
            scope = {"context": context}
            exec(params["code"], scope)
            return {"result": scope.get("result")}
"""


@pytest.fixture
def inside(server, make_plugin):
    """Runs code in a plugin's process, and gives what it has left in `result`."""
    plugin = server.spawn(make_plugin("runner", RUNNER))

    def run(code, **frame):
        return plugin.run("go", {"code": textwrap.dedent(code)}, **frame)["result"]

    run.plugin = plugin
    return run


@pytest.fixture
def enqueued(redis):
    """Takes what has been enqueued since the last time: (task, arguments) in their order."""

    def take():
        taken = []
        while message := redis.rpop("celery"):
            message = json.loads(message)
            taken.append((message["headers"]["task"], json.loads(base64.b64decode(message["body"]))[0]))
        return taken

    return take
