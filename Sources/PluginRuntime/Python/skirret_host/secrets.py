"""Log-ins that the server was started with and that no plugin shall find in an environment.

Django and Celery have read them into memory when this runs; a plugin uses Redis through those. What it
starts, and whoever dumps `os.environ` or `/proc/self/environ` into a log, finds nothing.
"""

import ctypes
import os
from urllib.parse import urlsplit

#: Addresses that may hold a user and a password, and options that may.
NAMES = ("SKIRRET_BROKER_URL", "SKIRRET_BROKER_OPTIONS", "SKIRRET_BACKEND_URL", "SKIRRET_BACKEND_OPTIONS")


def forget():
    """Takes log-ins out of this process's environment, and out of the memory that it was started with."""
    for name in NAMES:
        if is_secret(os.environ.get(name, "")):
            _overwrite(name)
            del os.environ[name]


def is_secret(value):
    """Whether an address or JSON options hold a log-in. A socket's path alone is none."""
    if value.lstrip().startswith("{"):
        return "password" in value or "username" in value
    return any(urlsplit(part).password is not None for part in value.split(";"))


def _overwrite(name):
    # /proc/<pid>/environ shows this memory for as long as the process lives, and its forks inherit it.
    entries = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), "environ")
    start = f"{name}=".encode()
    for entry in _until_null(entries):
        if ctypes.string_at(entry).startswith(start):
            length = len(ctypes.string_at(entry)) - len(start)
            ctypes.memset(entry + len(start), ord("x"), length)


def _until_null(entries):
    index = 0
    while entries[index]:
        yield entries[index]
        index += 1
