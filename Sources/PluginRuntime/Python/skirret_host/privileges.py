"""From root to a user that owns nothing, for a plugin's process of a server that runs as root.

It keeps one capability, to read and write files whatever their owner, because the database, the plugins
and the virtual environment belong to the server's user; Landlock then says which files. What goes is the
rest of root: others' processes and memory, other files' owners and modes, mounts, the clock, the network's
set-up, and root's freedom from the limit on processes.
"""

import ctypes
import errno
import os
import zlib

from .limits import prctl

#: systemd's range for users that exist only while a service runs, and within the 65,536 that containers map.
FIRST_USER, USERS = 61184, 4336

PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 4, 8, 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def user_of(key):
    """The user that a plugin's processes run as: the same at each start, so that its files stay its own."""
    return FIRST_USER + zlib.crc32(key.encode()) % USERS


def leave_root(key):
    """Becomes the plugin's user, or stays as it is.

    OSError where the container maps no such user or gives no right to change, or not the capability
    without which the new user could read nothing.
    """
    user = user_of(key)
    if not _may_override():
        raise OSError(errno.EPERM, "this container has dropped the capability DAC_OVERRIDE")
    prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    only = 1 << CAP_DAC_OVERRIDE
    sets = (_Sets * 2)(_Sets(only, only, only))
    if _libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    # Kept by the programs that it starts, too.
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)
    # A change of user hides /proc/self even from its owner.
    prctl(PR_SET_DUMPABLE, 1)


def _may_override():
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        permitted = next(line for line in status if line.startswith("CapPrm:"))
    return bool(int(permitted.split()[1], 16) & 1 << CAP_DAC_OVERRIDE)
