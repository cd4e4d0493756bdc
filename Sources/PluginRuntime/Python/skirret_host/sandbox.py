"""What a plugin's process may reach, put into force between fork and its first line of code.

Here and not in the C that starts programs: the plugins' server must keep the rights that it takes from
its children, and a child is never executed, only forked. The kernel does the work in `landlock`,
`seccomp` and `privileges`; this file says what is allowed, and `python -m skirret_host.sandbox` what of
it this machine can do.
"""

import json
import os
import sys
import sysconfig
import tempfile
from contextlib import suppress

from . import cgroups, data_files, landlock, privileges, requirements, seccomp
from .limits import PR_SET_NO_NEW_PRIVS, prctl

#: Programs and libraries.
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/opt", "/nix/store")
#: What libraries look up. Not /etc as a whole: it has the machine's secrets.
CONFIGURATION = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "debian_version", "fonts", "gai.conf", "group",
    "host.conf", "hostname", "hosts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime",
    "magic", "mime.types", "nsswitch.conf", "os-release", "passwd", "pki/tls/certs", "pki/ca-trust/extracted",
    "protocols", "resolv.conf", "services", "ssl/certs", "ssl/openssl.cnf", "timezone",
)  # fmt: skip
#: The kernel shows here what a process may see of others, and Landlock keeps their memory and environment shut.
KERNEL = ("/proc", "/sys/devices", "/sys/class", "/sys/block", "/sys/fs/cgroup", "/var/cache/fontconfig")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/shm", "/dev/dri")

#: Folders of the data folder that Dispatcharr's plugins share.
SHARED = ("exports", "logos", "media", "recordings", "m3us", "epgs")
#: Beside the SQLite file, its log and the log's index. They are there when a plugin starts, as it may not make them.
DATABASE_SUFFIXES = ("", "-wal", "-shm")


def apply(key, path, profile):
    """Confines this process to what the plugin `key` in the folder `path` needs.

    `profile`: `paths`, further files and folders it may read and write; `offline`, whether the only
    network it reaches is the broker's. What the kernel lacks is left out; `report` says so.
    """
    own = _own_folder(key)
    _prepare(own)
    given = [os.path.join(_data_folder(), "uploads"), _files_folder(key)]
    if packages := requirements.root():
        given.append(os.path.join(packages, key))
    files = data_files.DataFiles(_data_folder(), own, SHARED)
    given += [os.path.join(_data_folder(), name) for name in files.seeds]
    readable, writable = [*python_and_system(), *given], [own, path, *_data(), *_database(), *profile.get("paths", ())]
    if os.geteuid() == 0:
        with suppress(OSError):  # a container without this user, or without the right to change to it
            privileges.leave_root(key)
    _move_in(own)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    offline = bool(profile.get("offline")) or _declares_offline(path)
    if landlock.version():
        landlock.restrict(readable, [*writable, *DEVICES], ports=_broker_ports() if offline else None)
    if seccomp.is_known():
        seccomp.restrict(offline=offline)
    data_files.redirect(files)


def report():
    """What this machine puts into force: a list of {"name", "in_force", "text"}."""
    known = landlock.version()
    files = {
        "name": "files (Landlock)",
        "in_force": known > 0,
        "text": f"version {known}" if known else "this kernel has no Landlock, or lsm= at boot leaves it out",
    }
    network = {
        "name": "offline plugins (Landlock)",
        "in_force": known >= 4,
        "text": "TCP to the broker only, no UDP" if known >= 4 else "needs Linux 6.7; only UDP is refused",
    }
    return [files, network, _calls_report(), _user_report(), _tree_report()]


def _calls_report():
    known = seccomp.is_known()
    text = f"{len(seccomp.REFUSED)} calls refused" if known else f"no list of calls for {os.uname().machine}"
    return {"name": "system calls (seccomp)", "in_force": known, "text": text}


def _user_report():
    name = "own user"
    if os.geteuid() != 0:
        return {"name": name, "in_force": False, "text": "only root can change to another user; this is not root"}
    pid = os.fork()
    if pid == 0:
        try:
            privileges.leave_root("doctor")
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    text = f"{privileges.FIRST_USER} and up, one for each plugin" if status == 0 else os.strerror(status)
    return {"name": name, "in_force": status == 0, "text": text}


def _tree_report():
    name = "a plugin's whole tree (cgroup v2)"
    try:
        return {"name": name, "in_force": True, "text": cgroups.parent()}
    except (OSError, cgroups.Unavailable) as error:
        return {"name": name, "in_force": False, "text": f"{error}; processes and memory are counted twice a second"}


def python_and_system():
    """What every program needs to read: libraries, the interpreter, our own modules."""
    # Not sys.path: Celery puts the working directory there, which is the data folder.
    tree = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, sysconfig.get_path("stdlib"), tree]
    return [*SYSTEM, *KERNEL, *(f"/etc/{name}" for name in CONFIGURATION), *python]


def _data_folder():
    return os.path.abspath(os.environ.get("SKIRRET_DATA_DIR", "data"))


def _own_folder(key):
    return os.path.join(_data_folder(), "plugin-data", key)


def _files_folder(key):
    """What was uploaded for the plugin's fields of type `file`."""
    return os.path.join(_data_folder(), "plugin-files", key)


def _data():
    """The shared folders; where Skirret's data is elsewhere, also the folder that Dispatcharr calls /data."""
    data = _data_folder()
    shared = [os.path.join(data, name) for name in SHARED]
    # /tmp only where nothing of ours lies in it, as a folder is allowed with all that is below it.
    return shared + [place for place in ("/data", "/tmp") if not _is_below(data, place) and not _has_ours(place)]


def _has_ours(place):
    ours = [os.environ.get(name) for name in ("SKIRRET_PLUGINS_DIR", "SKIRRET_DATABASE")]
    return any(_is_below(path, place) for path in ours if path)


def _is_below(path, folder):
    return os.path.commonpath([os.path.realpath(path), os.path.realpath(folder)]) == os.path.realpath(folder)


def _database():
    database = os.environ.get("SKIRRET_DATABASE")
    if not database or not os.path.exists(database):
        return []
    files = [database + suffix for suffix in DATABASE_SUFFIXES]
    mode = os.stat(database).st_mode & 0o777
    for file in files:
        with suppress(FileExistsError):  # SQLite takes an empty log for none
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    return files


def _declares_offline(path):
    """Whether its manifest says `"offline": true`. Reading it cannot run anything."""
    try:
        with open(os.path.join(path, "plugin.json"), encoding="utf-8") as file:
            manifest = json.load(file)
    except (OSError, ValueError):
        return False  # whoever lists plugins tells what is wrong with it
    return isinstance(manifest, dict) and manifest.get("offline") is True


def _broker_ports():
    """The TCP ports of the broker and the results; none for a unix socket, which is a file."""
    from urllib.parse import urlsplit

    from django.conf import settings

    from dispatcharr.celery import BACKEND_URL

    parts = [urlsplit(url) for urls in (settings.BROKER_URL, BACKEND_URL or "") for url in urls.split(";") if url]
    return {one.port or (26379 if one.scheme == "sentinel" else 6379) for one in parts if one.hostname}


def _prepare(own):
    """The folders that the rules name, while this process may still make them."""
    # Uploads too: a rule for a folder that is not there yet would be none, and the first upload comes later.
    data = [os.path.join(_data_folder(), name) for name in (*SHARED, "uploads")]
    for folder in (*data, _files_folder(os.path.basename(own)), own, os.path.join(own, "tmp")):
        with suppress(OSError):  # a full or read-only disk is for the plugin to meet, if it writes at all
            os.makedirs(folder, exist_ok=True)
    if os.geteuid() == 0:
        user = privileges.user_of(os.path.basename(own))
        for folder in (own, os.path.join(own, "tmp")):
            with suppress(OSError):
                os.chown(folder, user, user, follow_symlinks=False)


def _move_in(own):
    """Home, temporary files and the working directory become the plugin's own."""
    os.environ["HOME"] = own
    os.environ["TMPDIR"] = os.path.join(own, "tmp")
    os.environ.setdefault("USER", "plugin")  # there may be no entry in /etc/passwd to ask
    tempfile.tempdir = None
    with suppress(OSError):
        os.chdir(own)


if __name__ == "__main__":
    json.dump({"sandbox": report()}, sys.stdout)
