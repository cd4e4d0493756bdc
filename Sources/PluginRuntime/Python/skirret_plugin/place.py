"""What a plugin host needs around it: a private Redis, a database with the real models' tables, an environment."""

import contextlib
import os
import pathlib
import sqlite3
import subprocess
import sys

from .driver import wait_for_socket

#: The folder of all that plugins import.
SOURCES = pathlib.Path(__file__).resolve().parent.parent


def make_tables():
    """Tables as the models describe them, in the database of this process's Django."""
    from django.apps import apps
    from django.db import connection

    with connection.schema_editor() as editor:
        for model in {model._meta.db_table: model for model in apps.get_models()}.values():
            editor.create_model(model)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode=WAL")
    connection.close()


def start_redis(folder):
    """(process, socket's path) of a redis-server that only this machine's files lead to."""
    path = os.path.join(folder, "redis.sock")
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for_socket(path, process)
    return process, path


def make_database(path):
    """A database file: a copy of `SKIRRET_TEST_DATABASE`, which Swift has migrated, else tables from the models."""
    if given := os.environ.get("SKIRRET_TEST_DATABASE"):
        return copy_database(given, path)
    make = "import django; django.setup(); from skirret_plugin.place import make_tables; make_tables()"
    return run_with_models(make, {**os.environ, "PYTHONPATH": str(SOURCES), "SKIRRET_DATABASE": str(path)})


def copy_database(path, target):
    """A copy of a database file, also of one in use; what is in `target` is replaced."""
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with contextlib.closing(source), contextlib.closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def run_with_models(code, environment):
    """Runs `code` in a Python of its own that knows the models."""
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "dispatcharr.settings"}
    subprocess.run([sys.executable, "-B", "-c", code], env=environment, check=True)


def host_environment(redis_socket, database, data, plugins):
    """What the supervisor gives the host, and nothing else."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(SOURCES),
        # Nothing is left beside the sources. Not PYTHONPYCACHEPREFIX: in a new folder Django and Celery, too, would be
        # compiled anew, for two seconds at every start.
        "PYTHONDONTWRITEBYTECODE": "1",
        "SKIRRET_PLUGINS_DIR": str(plugins),
        "DISPATCHARR_PLUGINS_DIR": str(plugins),
        "SKIRRET_DATABASE": str(database),
        "SKIRRET_DATA_DIR": str(data),
        "SKIRRET_BROKER_URL": f"redis+socket://{redis_socket}?virtual_host=0",
    }
