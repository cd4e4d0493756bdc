"""Files that plugins keep directly in Dispatcharr's /data: `/data/<name>.json`, `/data/<name>.lock`, `/data/<name>/…`.

There /data is everybody's. Here it is the server's, and Landlock cannot let a process make files in a folder without
letting it into all that lies below. So a name in /data, or in the data folder itself, that is not the server's leads to
the plugin's own folder, and a shared one (`/data/exports`) to where it is. Python's own calls are led there; what a plugin
starts is not.

    /data/thing.json        -> <data>/plugin-data/<key>/thing.json, first filled with <data>/thing.json if there is one
    /data/exports/list.csv  -> <data>/exports/list.csv
    /data/skirret.db        -> as it is, and refused
"""

import builtins
import functools
import io
import os
import shutil
import sqlite3

#: Calls with a path, and those with two.
ONE_PATH = ("stat", "lstat", "open", "access", "unlink", "remove", "mkdir", "rmdir", "chmod", "utime", "truncate", "listdir")
TWO_PATHS = ("rename", "replace")

#: What of an older Dispatcharr's files a plugin may read to go on from: settings and state, never keys or tokens.
SEEDS = (".json", ".lock")
#: The server's, there or not yet.
SERVERS = frozenset(
    "admin-token signing-key redis plugins plugin-data plugin-files plugin-packages uploads config".split()
)
#: The database and its companions.
DATABASE = "skirret.db"

#: As Python has them: what is copied or looked for here is not led elsewhere.
_open, _lstat = io.open, os.lstat


class DataFiles:
    """Where names in the data folder lead for one plugin; looks at the folder once, while it may."""

    def __init__(self, data, own, shared, is_there=os.path.isdir):
        self._data, self._own, self._shared = data, own, frozenset(shared)
        entries = os.listdir(data) if is_there(data) else []
        self.seeds = {name for name in entries if name.endswith(SEEDS) and os.path.isfile(os.path.join(data, name))}
        self._servers = (SERVERS | set(entries)) - self.seeds - self._shared
        # A real /data that is open to plugins stays what it is.
        is_open = is_there("/data") and not os.path.realpath(data).startswith(os.path.realpath("/data"))
        self._roots = tuple(root + "/" for root in ({data} if is_open else {data, "/data"}))

    def place(self, path):
        """Where `path` leads; itself, mostly."""
        if not isinstance(path, str):
            if not isinstance(path, os.PathLike):
                return path  # a descriptor, or bytes, which no plugin uses
            path = os.fspath(path)
            if not isinstance(path, str):
                return path
        if path + "/" in self._roots:
            return self._data
        if not path.startswith(self._roots):
            return path
        plain = os.path.normpath(path)
        root = next((root for root in self._roots if plain.startswith(root)), plain + "/")
        first, _, rest = plain[len(root) :].partition("/")
        if not first or first in self._servers or first.startswith(DATABASE):
            return path
        if first in self._shared:
            return os.path.join(self._data, first, rest) if rest else os.path.join(self._data, first)
        return self._owned(path, first, rest)

    def _owned(self, path, name, rest):
        target = os.path.join(self._own, name)
        if name not in self.seeds and not _is_there(target) and _is_there(os.path.join(self._data, name)):
            return path  # somebody else has put it there meanwhile: it is theirs
        if rest:
            return os.path.join(target, rest)
        if name in self.seeds:
            self.seeds.discard(name)
            if not _is_there(target):
                with _open(os.path.join(self._data, name), "rb") as older, _open(target, "wb") as own:
                    shutil.copyfileobj(older, own)
        return target


def _is_there(path):
    try:
        _lstat(path)
    except OSError:
        return False
    return True


def redirect(files):
    """From here on Python's calls go where `files` leads."""
    for name in ONE_PATH:
        setattr(os, name, _led(getattr(os, name), files, 1))
    for name in TWO_PATHS:
        setattr(os, name, _led(getattr(os, name), files, 2))
    builtins.open = io.open = _led(io.open, files, 1)
    sqlite3.connect = sqlite3.dbapi2.connect = _led(sqlite3.connect, files, 1)


def _led(call, files, count):
    @functools.wraps(call)
    def led(*args, **kwargs):
        if args:
            args = (*map(files.place, args[:count]), *args[count:])
        return call(*args, **kwargs)

    return led
