"""A plugin's process and all that it started: how many they are, and what memory they hold together.

The kernel's limits count one process each, and not at all for root. Nothing leaves the tree: the plugin
is the sub-reaper of whatever it starts.
"""

import os
from contextlib import suppress

PAGE = os.sysconf("SC_PAGESIZE")


def members(pid):
    """The process and its descendants; those that end meanwhile are left out."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += _children(found[-1])
    return found


def tasks(pids):
    """Their threads, which the kernel counts like processes."""
    return sum(len(_threads(pid)) for pid in pids)


def anonymous_bytes(pids):
    """An upper bound of the memory that they hold: what forks share is counted in each of them."""
    return sum(_anonymous(pid) for pid in pids)


def own_bytes(pids):
    """The memory that they hold, what they share counted once. Some ms for each, so only where it matters."""
    return sum(_proportional(pid) for pid in pids)


def _children(pid):
    children = []
    for thread in _threads(pid):
        # It may have ended, or the kernel does not list children: then the plugin itself is counted.
        with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
            children += map(int, file.read().split())
    return children


def _threads(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def _anonymous(pid):
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            _, resident, shared = file.read().split()[:3]
    except OSError:
        return 0
    return (int(resident) - int(shared)) * PAGE


def _proportional(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            lines = dict(line.split(b":", 1) for line in file.read().splitlines()[1:])
    except OSError:
        return 0
    return sum(int(lines.get(name, b"0").split()[0]) for name in (b"Pss_Anon", b"Pss_Shmem")) * 1024
