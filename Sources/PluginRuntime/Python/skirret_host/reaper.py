"""The fork server's children: which are plugins, which are what dead plugins left behind."""

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field

from . import cgroups, tree

#: Seconds between two looks at what plugins have started. A look costs some 50 us for each plugin.
WATCH = 0.5


@dataclass
class Plugin:
    """A plugin's process: what its tree may hold, its cgroup if it has one, and the limit that it has met."""

    limits: dict = field(default_factory=dict)
    group: str | None = None
    excess: str | None = None


class Reaper:
    """Knows the plugin processes, and sees to it that nothing they started outlives them.

    The server is a sub-reaper, and so is every plugin: what a plugin's process leaves behind, however
    it was detached, becomes the server's child in the moment the plugin dies. So any child of the
    server that is not a plugin is an orphan of a dead one, and is killed.
    """

    def __init__(self):
        self._plugins = {}
        self._looked = 0.0
        #: What one fork of the server shares with it; a plugin's memory counts from there.
        self._baseline = tree.anonymous_bytes([os.getpid()])

    def adopt(self, pid, limits=None, group=None):
        """Remembers a plugin's process."""
        self._plugins[pid] = Plugin(limits or {}, group)

    @property
    def patience(self):
        """Seconds until the next look; None while there is nothing to look at."""
        return WATCH if self._plugins else None

    def watch(self):
        """Kills every plugin whose tree has outgrown its limits. Does nothing when it has just looked."""
        if time.monotonic() - self._looked < WATCH:
            return
        self._looked = time.monotonic()
        for pid, plugin in self._plugins.items():
            if plugin.excess is None and (excess := self._excess(pid, plugin.limits)):
                plugin.excess = excess
                _kill_group(pid)

    def reap(self):
        """What has ended since the last time, as `exited` frames of plugins."""
        exited, any_ended = [], False
        while (pid := _next_dead_child()) is not None:
            any_ended = True
            if pid in self._plugins:
                _kill_group(pid)  # before it is waited for, while its number cannot mean another group
            _, status, usage = os.wait4(pid, 0)
            if plugin := self._plugins.pop(pid, None):
                met = cgroups.end(plugin.group) if plugin.group else None
                exited.append(_exited(pid, status, usage, plugin.excess or met))
        if any_ended:
            self._kill_orphans()
        return exited

    def end_all(self):
        """Kills every plugin and everything they started, and waits until nothing is left."""
        for pid in self._plugins:
            _kill_group(pid)
        with suppress(ChildProcessError):
            while True:
                plugin = self._plugins.pop(os.wait()[0], None)
                if plugin and plugin.group:
                    cgroups.end(plugin.group)
                self._kill_orphans()

    def _excess(self, pid, limits):
        pids = tree.members(pid)
        if _is_swarm(pids, limits.get("processes")):
            return "processes"
        if (memory := limits.get("memory_bytes")) is None:
            return None
        most = memory + self._baseline
        # One process alone is held by its own limit, to the byte.
        is_over = len(pids) > 1 and tree.anonymous_bytes(pids) > most and tree.own_bytes(pids) > most
        return "memory" if is_over else None

    def _kill_orphans(self):
        # What an orphan has started becomes our child when the orphan dies; its death calls us again.
        for pid in _children() - self._plugins.keys():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _is_swarm(pids, limit):
    """More than allowed, or as many as the kernel lets it have and mostly not threads: it will not get better."""
    if limit is None or len(pids) <= limit // 2:
        return False
    return len(pids) > limit or tree.tasks(pids) >= limit


def _next_dead_child():
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found else None


def _kill_group(pid):
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _children():
    """Our direct children, read from every process's parent: `/proc/self/task/*/children` needs a kernel option."""
    me, children = os.getpid(), set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with suppress(OSError):  # it ended while we looked
                with open(f"/proc/{entry}/stat", "rb") as stat:
                    # The name in parentheses may contain anything, parentheses too.
                    parent = int(stat.read().rpartition(b")")[2].split()[1])
                if parent == me:
                    children.add(int(entry))
    return children


def _exited(pid, status, usage, excess):
    return {
        "type": "exited",
        "pid": pid,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "max_rss_bytes": usage.ru_maxrss * 1024,
        "excess": excess,
    }
