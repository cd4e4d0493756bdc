"""What a plugin's process may use, set between fork and its first line of code."""

import ctypes
import os
import resource

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
M_ARENA_MAX = -8

_libc = ctypes.CDLL(None, use_errno=True)


def prctl(option, value, argument=0):
    """Linux's prctl; an old kernel that lacks the option is an error worth knowing."""
    # Spelled out: ctypes would pass 32 bits, and some options look at all 64.
    words = [ctypes.c_ulong(word) for word in (value, argument, 0, 0)]
    if _libc.prctl(option, *words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def keep_address_space_small():
    """Few heaps for many threads: glibc reserves 64 MiB of address space for each, and RLIMIT_AS counts it."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(M_ARENA_MAX, 2)


def apply(limits):
    """Sets the limits of a spawn frame on this process and what it starts; absent ones are not set."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, limits.get("files"))
    _limit(resource.RLIMIT_FSIZE, limits.get("file_bytes"))
    if (processes := limits.get("processes")) is not None and os.geteuid() != 0:
        # The kernel counts everything the user runs, so the allowance goes on top of that. It
        # does not count for root at all.
        _limit(resource.RLIMIT_NPROC, _processes_of_user() + processes)
    if (memory := limits.get("memory_bytes")) is not None:
        _limit(resource.RLIMIT_AS, memory + _reserved_but_untouched())


def _limit(kind, value):
    if value is None:
        return
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _reserved_but_untouched():
    """Bytes of address space that the warm host has mapped without using memory: libraries, heap reserves."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages, resident = statm.read().split()[:2]
    return (int(pages) - int(resident)) * resource.getpagesize()


def _processes_of_user():
    user, threads = os.geteuid(), 0
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == user:
                threads += len(os.listdir(f"/proc/{entry.name}/task"))
        except OSError:
            continue  # it ended while we counted
    return threads
