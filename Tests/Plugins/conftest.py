"""A real redis-server, a real database with the real models' tables, and the real fork server."""

import shutil
import tempfile
import textwrap

import pytest

from driver import HostServer
from place import SOURCES, TESTS, host_environment, make_database, start_redis

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
