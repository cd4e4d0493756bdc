"""Plugins that come as a zip: inspected whole, unpacked beside their place, and moved into it in one step.

    python -m skirret_host.archive stage ARCHIVE NAME   prints {"staged","folder","key","exists"} or {"error","code"}
    python -m skirret_host.archive install STAGED FOLDER [--overwrite]
    python -m skirret_host.archive discard STAGED

In Python, in a process of its own: its zip reader checks every checksum and reads no more than an entry
declares, a manifest means to it what it means to the host, and whatever an archive makes of the reader
ends with the process, under limits. Nothing of a plugin is executed.
"""

import ctypes
import fcntl
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
import zipfile
import zlib
from contextlib import contextmanager, suppress

from . import archive_names, landlock, limits, sandbox, seccomp
from .describe import ENTRY_FILES

MEBIBYTE = 1 << 20


def _setting(name, default):
    value = os.environ.get(f"DISPATCHARR_PLUGIN_IMPORT_{name}", "")
    return int(value) if value.isdecimal() else default


MAX_FILES = _setting("MAX_FILES", 2000)
MAX_FILE_BYTES = _setting("MAX_FILE_BYTES", 200 * MEBIBYTE)
MAX_BYTES = _setting("MAX_BYTES", 200 * MEBIBYTE)
#: Unpacked to packed, from `MANY_BYTES` on. Code is 5:1, and zip's method ends at 1032:1.
MAX_RATIO, MANY_BYTES = 100, 16 * MEBIBYTE
#: Bytes of the directory at an archive's end. 2,000 entries with long names are a quarter of it.
MAX_DIRECTORY = 4 * MEBIBYTE
#: GitHub puts a commit's name there. What is longer is something else's data.
MAX_COMMENT = 1024

END, END_SIZE = b"PK\5\6", 22
STAGING = ".import-"
#: Seconds after which what an import that died has left is removed. None takes a minute.
LEFTOVER = 3600
RENAME_NOREPLACE, RENAME_EXCHANGE = 1, 2


class Refused(Exception):
    """Why an archive is not installed; `code` for programs."""

    def __init__(self, text, code):
        super().__init__(text)
        self.code = code


INVALID = ("Invalid zip file", "invalid_zip")


def stage(path, name, plugins):
    """Unpacks a plugin's archive beside its place and says where that is. Refused leaves nothing behind."""
    _remove_leftovers(plugins)
    staged = tempfile.mkdtemp(prefix=STAGING, dir=plugins)
    try:
        with _opened(path) as archive:
            entries = inspect(archive, os.path.getsize(path))
            chosen = candidate([entry.filename for entry in entries])
            key = safe_key(chosen.rpartition("/")[2] if chosen else os.path.splitext(os.path.basename(name))[0])
            _unpack(archive, entries, chosen, staged)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    folder = _folder_for(key, plugins)
    return {"staged": staged, "folder": folder, "key": key, "exists": os.path.lexists(os.path.join(plugins, folder))}


def install(staged, folder, plugins, *, overwrite):
    """Moves a staged plugin into its place: at each moment the old one is whole there, or the new one."""
    target = os.path.join(plugins, folder)
    with _alone(plugins):
        if overwrite and os.path.lexists(target):
            try:
                _rename(staged, target, RENAME_EXCHANGE)
            except OSError as error:
                raise Refused(f"Failed to install updated plugin: {error.strerror}", "install_failed") from error
            shutil.rmtree(staged, ignore_errors=True)  # the old one; what stays is a leftover like others
            return
        try:
            _rename(staged, target, RENAME_NOREPLACE)
        except FileExistsError:
            raise Refused(f"Plugin '{safe_key(folder)}' already exists", "plugin_exists") from None


def discard(staged, plugins):
    """Removes a staged plugin that nobody wants."""
    if os.path.dirname(staged) == plugins and os.path.basename(staged).startswith(STAGING):
        shutil.rmtree(staged, ignore_errors=True)


def inspect(archive, size):
    """The entries that are files. Refused for any that must not be, judged before a byte is written."""
    entries = archive.infolist()
    if not entries:
        raise Refused("Archive is empty", "archive_empty")
    if len(entries) > MAX_FILES:
        raise Refused("Archive has too many files", "archive_too_many_files")
    if not archive_names.are_safe(entries):
        raise Refused("Unsafe path in archive", "unsafe_path")
    files = [entry for entry in entries if not entry.is_dir()]
    if any(entry.file_size > MAX_FILE_BYTES for entry in files):
        raise Refused("Archive contains a file that is too large", "archive_file_too_large")
    total = sum(entry.file_size for entry in files)
    if total > MAX_BYTES or (total > MANY_BYTES and total > MAX_RATIO * size):
        raise Refused("Archive is too large", "archive_too_large")
    if not all(_is_plain(entry) for entry in entries) or _overlap(entries, archive.start_dir):
        raise Refused(*INVALID)
    return files


def candidate(names):
    """The folder in an archive that is the plugin; "" for the archive itself.

    One with `plugin.py` before one with `__init__.py`, then the one nearest to the root, then by name.
    """
    found = []
    for name in names:
        folder, _, file = name.rpartition("/")
        if file in ENTRY_FILES:
            found.append((ENTRY_FILES.index(file), folder.count("/") + bool(folder), folder))
    if not found:
        raise Refused("Invalid plugin: missing plugin.py or package __init__.py", "no_plugin_in_archive")
    return min(found)[2]


def safe_key(name):
    """A plugin's key from a folder's or a file's name, as Dispatcharr makes it."""
    key = re.sub(r"[^a-z0-9_]", "_", name.replace(" ", "_").replace("-", "_").lower()).strip("._ ")
    return key[:128] or "plugin"


@contextmanager
def _opened(path):
    try:
        _look_at_its_end(path)
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError, ValueError, OverflowError):
        raise Refused(*INVALID) from None
    except RuntimeError:  # encrypted
        raise Refused(*INVALID) from None


def _look_at_its_end(path):
    """Refuses what is too much to read, or also something else than a zip, before the directory is read."""
    with open(path, "rb") as file:
        begins_right = file.read(4) in (b"PK\3\4", END)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - END_SIZE - MAX_COMMENT))
        tail = file.read()
    at = tail.rfind(END)
    if not begins_right or at < 0 or len(tail) - at < END_SIZE:
        raise Refused(*INVALID)
    end = tail[at : at + END_SIZE]
    count, length, offset, comment = (
        int.from_bytes(end[start:stop], "little") for start, stop in ((10, 12), (12, 16), (16, 20), (20, 22))
    )
    if at + END_SIZE + comment != len(tail):
        raise Refused(*INVALID)  # cut off, or with something behind it
    if count > MAX_FILES or length > MAX_DIRECTORY:
        raise Refused("Archive has too many files", "archive_too_many_files")
    # Something before the zip, or a second directory that other readers would find.
    if offset + length != size - END_SIZE - comment:
        raise Refused(*INVALID)


def _is_plain(entry):
    kind = stat.S_IFMT(entry.external_attr >> 16)
    is_of_its_kind = kind in (0, stat.S_IFDIR if entry.is_dir() else stat.S_IFREG)
    return is_of_its_kind and not entry.flag_bits & 0x41 and entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def _overlap(entries, end):
    """Whether two entries share bytes, by which a small archive becomes a large one."""
    place = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < place:
            return True
        place = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size
    return place > end


def _unpack(archive, entries, chosen, target):
    prefix = f"{chosen}/" if chosen else ""
    kept = [(entry, entry.filename.removeprefix(prefix)) for entry in entries if entry.filename.startswith(prefix)]
    if logo := _nearest_logo(entries, prefix):
        kept.append((logo, "logo.png"))
    left = MAX_BYTES
    for entry, name in kept:
        path = os.path.join(target, *name.split("/"))
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with archive.open(entry) as source, open(path, "xb") as file:
            while piece := source.read(MEBIBYTE):
                left -= len(piece)
                if left < 0:
                    raise Refused("Archive is too large", "archive_too_large")
                file.write(piece)
        os.chmod(path, 0o644)
    os.chmod(target, 0o755)


def _nearest_logo(entries, prefix):
    """The logo beside or above the plugin's folder, when it has none of its own."""
    logos = {entry.filename: entry for entry in entries if entry.filename.rpartition("/")[2].lower() == "logo.png"}
    if any(name.lower() == f"{prefix}logo.png".lower() for name in logos):
        return None
    above = [name for name in logos if prefix.startswith(name.rpartition("/")[0])]
    return logos[max(above, key=len)] if above else None


def _folder_for(key, plugins):
    """The folder of that key, or of the plugin that has it but for dashes; else a new one."""
    for folder in sorted(os.listdir(plugins)):
        if not folder.startswith(".") and safe_key(folder) == key and os.path.isdir(os.path.join(plugins, folder)):
            return folder
    return key


def _rename(old, new, flag):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flag) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), new)


@contextmanager
def _alone(plugins):
    with open(os.path.join(plugins, ".import.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_leftovers(plugins):
    for folder in os.listdir(plugins):
        path = os.path.join(plugins, folder)
        with suppress(OSError):  # somebody else removes it
            if folder.startswith(STAGING) and time.time() - os.lstat(path).st_mtime > LEFTOVER:
                shutil.rmtree(path, ignore_errors=True)


def _confine(plugins, readable):
    """This process too: an archive may know more of the reader than we do."""
    limits.apply({"memory_bytes": 512 * MEBIBYTE, "files": 64, "file_bytes": MAX_FILE_BYTES})
    if landlock.version():
        landlock.restrict([*sandbox.python_and_system(), *readable], [plugins, os.devnull])
    if seccomp.is_known():
        seccomp.restrict(offline=True)


def main(arguments):
    """Runs one command and prints its answer, one JSON object."""
    plugins = os.path.realpath(os.environ["SKIRRET_PLUGINS_DIR"])
    command, *rest = arguments
    try:
        os.makedirs(plugins, exist_ok=True)
        _confine(plugins, rest[:1] if command == "stage" else [])
        match command:
            case "stage":
                answer = stage(*rest, plugins)
            case "install":
                answer = install(*rest[:2], plugins, overwrite="--overwrite" in rest)
            case "discard":
                answer = discard(*rest, plugins)
    except Refused as refusal:
        answer = {"error": str(refusal), "code": refusal.code}
    except OSError as error:
        answer = {"error": f"Failed to install plugin: {error.strerror}", "code": "install_failed"}
    json.dump(answer or {}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
