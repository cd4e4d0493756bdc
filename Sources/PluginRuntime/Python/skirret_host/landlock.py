"""Landlock: this process and all it starts reach only the files, ports and processes that are named here.

Python's `ctypes` on three system calls: no library for it is on every machine, and the caller is a
forked child with one thread that is about to become a plugin.
"""

import ctypes
import os

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
VERSION_FLAG = 1
PATH_BENEATH, NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
#: By version of the kernel's interface, which only ever grows: the bits of all rights on files it knows.
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
CONNECT_TCP, BIND_TCP = 1 << 1, 1 << 0
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1 << 0, 1 << 1

READ = EXECUTE | READ_FILE | READ_DIR
#: Of all rights, those that a file can have; the others are about what is in a folder.
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

_libc = ctypes.CDLL(None, use_errno=True)


class _RulesetAttributes(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _NetPort(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version():
    """The kernel's version of Landlock's interface; 0 where it has none or has it switched off."""
    found = _libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_FLAG))
    return max(found, 0)


def restrict(readable, writable, *, ports=None):
    """Confines this process for good. A path that does not exist is passed over.

    `ports`: the TCP ports it may connect to, where the kernel can tell (version 4); None for all. It
    may signal only what it started, and no abstract socket but its own answers it (version 6).
    """
    known = version()
    files = FILE_RIGHTS[max(level for level in FILE_RIGHTS if level <= known)]
    attributes = _RulesetAttributes(files=files)
    if ports is not None and known >= 4:
        attributes.network = CONNECT_TCP | BIND_TCP
    if known >= 6:
        attributes.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS
    size = 8 if known < 4 else 16 if known < 6 else 24
    ruleset = _call(CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path in readable:
            _allow(ruleset, path, READ & files)
        for path in writable:
            _allow(ruleset, path, files)
        for port in (ports or ()) if attributes.network else ():
            rule = _NetPort(allowed=CONNECT_TCP, port=port)
            _call(ADD_RULE, ruleset, NET_PORT, ctypes.byref(rule), ctypes.c_uint32(0))
        _call(RESTRICT_SELF, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow(ruleset, path, rights):
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this machine, or not for us: no right is given, which is the safe side
    try:
        if not os.path.isdir(f"/proc/self/fd/{place}"):
            rights &= OF_FILES
        rule = _PathBeneath(allowed=rights, folder=place)
        _call(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
    finally:
        os.close(place)


def _call(number, *arguments):
    result = _libc.syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"landlock ({number}): {os.strerror(error)}")
    return result
