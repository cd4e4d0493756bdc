"""A real redis-server, a real database with the real models' tables, and the real fork server."""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap

import pytest

from driver import HostServer, wait_for_socket

TESTS = pathlib.Path(__file__).parent
SOURCES = TESTS.parent.parent / "Sources/PluginRuntime/Python"
FIXTURES = TESTS / "fixtures"

#: Tables as the models describe them, when no database is given that Skirret made.
MAKE_TABLES = """
import django; django.setup()
from django.apps import apps
from django.db import connection
with connection.schema_editor() as editor:
    for table, model in {model._meta.db_table: model for model in apps.get_models()}.items():
        editor.create_model(model)
with connection.cursor() as cursor:
    cursor.execute("PRAGMA journal_mode=WAL")
"""


@pytest.fixture(scope="session")
def redis_server():
    """A private redis-server on a unix socket; yields the socket's path."""
    folder = tempfile.mkdtemp(prefix="skirret-redis-")  # short: a socket's path has at most 107 bytes
    path = os.path.join(folder, "redis.sock")
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for_socket(path, process)
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
    """A database file of this run's own: a copy of `SKIRRET_TEST_DATABASE`, which Swift has migrated, else from the models."""
    path = tmp_path_factory.mktemp("database") / "skirret.db"
    if given := os.environ.get("SKIRRET_TEST_DATABASE"):
        with sqlite3.connect(given) as source, sqlite3.connect(path) as copy:
            source.backup(copy)
        return path
    environment = {**os.environ, "PYTHONPATH": str(SOURCES), "SKIRRET_DATABASE": str(path)}
    environment["DJANGO_SETTINGS_MODULE"] = "dispatcharr.settings"
    subprocess.run([sys.executable, "-B", "-c", MAKE_TABLES], env=environment, check=True)
    return path


@pytest.fixture(scope="session")
def environment(redis_server, database, tmp_path_factory):
    """What the supervisor gives the host, and nothing else."""
    data = tmp_path_factory.mktemp("data")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(SOURCES),
        "PYTHONPYCACHEPREFIX": str(data / "pycache"),
        "SKIRRET_PLUGINS_DIR": str(FIXTURES),
        "DISPATCHARR_PLUGINS_DIR": str(FIXTURES),
        "SKIRRET_DATABASE": str(database),
        "SKIRRET_DATA_DIR": str(data),
        "SKIRRET_BROKER_URL": f"redis+socket://{redis_server}?virtual_host=0",
    }


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
