"""cgroup v2: the kernel's own count of a plugin's whole tree, and an end to it that nothing escapes.

Needs a folder of `/sys/fs/cgroup` that this server may write and that has no process of its own in it:
systemd gives one with `Delegate=yes` and `DelegateSubgroup=main`.
"""

import os
from contextlib import suppress

CONTROLLERS = ("memory", "pids")


class Unavailable(Exception):
    """Why no group can be made here."""


def parent(mounts="/proc/self/mountinfo", own="/proc/self/cgroup"):
    """The folder in which groups can be made. Unavailable with the reason."""
    place = _mount(mounts) + _own(own).rstrip("/")
    reasons = []
    # The processes of a delegated unit may be in a sub-group, so that the unit's own folder is free for others.
    for folder in (place, os.path.dirname(place)):
        try:
            _enable(folder)
        except OSError as error:
            reasons.append(f"{folder}: {error.strerror}")
        else:
            return folder
    raise Unavailable("; ".join(reasons))


def make(folder, name, limits):
    """A group with these limits of a spawn frame; its path."""
    group = os.path.join(folder, name)
    os.mkdir(group)
    if (memory := limits.get("memory_bytes")) is not None:
        _write(group, "memory.max", memory)
        with suppress(OSError):  # a machine that counts no swap has no such file
            _write(group, "memory.swap.max", 0)
        _write(group, "memory.oom.group", 1)
    if (processes := limits.get("processes")) is not None:
        _write(group, "pids.max", processes)
    return group


def join(group):
    """Moves this process into the group."""
    _write(group, "cgroup.procs", 0)


def end(group):
    """Kills what is left in the group and removes it; which of the limits it had met, or None."""
    with suppress(OSError):  # before Linux 5.14 there is no such file, and the orphans are found otherwise
        _write(group, "cgroup.kill", 1)
    met = "memory" if _count(group, "memory.events", "oom_kill") else None
    with suppress(OSError):  # not empty yet; an empty group costs nothing
        os.rmdir(group)
    return met


def _mount(mounts):
    with open(mounts, encoding="utf-8") as file:
        for line in file:
            place, _, kind = line.partition(" - ")
            if kind.startswith("cgroup2 "):
                return place.split()[4]
    raise Unavailable("no cgroup v2 is mounted")


def _own(own):
    with open(own, encoding="utf-8") as file:
        for line in file:
            if line.startswith("0::"):
                return line[3:].strip()
    raise Unavailable("this process is in no cgroup v2")


def _enable(folder):
    with open(os.path.join(folder, "cgroup.controllers"), encoding="utf-8") as file:
        missing = set(CONTROLLERS) - set(file.read().split())
    if missing:
        raise OSError(0, f"has no {' and '.join(sorted(missing))} controller")
    _write(folder, "cgroup.subtree_control", " ".join(f"+{name}" for name in CONTROLLERS))


def _count(group, file, name):
    with suppress(OSError, ValueError), open(os.path.join(group, file), encoding="utf-8") as events:
        return int(dict(line.split() for line in events).get(name, 0))
    return 0


def _write(group, file, value):
    with open(os.path.join(group, file), "w", encoding="utf-8") as target:
        target.write(str(value))
