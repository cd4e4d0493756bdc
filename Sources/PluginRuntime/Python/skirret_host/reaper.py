"""The fork server's children: which are plugins, which are what dead plugins left behind."""

import os
import signal
from contextlib import suppress


class Reaper:
    """Knows the plugin processes, and sees to it that nothing they started outlives them.

    The server is a sub-reaper, and so is every plugin: what a plugin's process leaves behind, however
    it was detached, becomes the server's child in the moment the plugin dies. So any child of the
    server that is not a plugin is an orphan of a dead one, and is killed.
    """

    def __init__(self):
        self._plugins = set()

    def adopt(self, pid):
        """Remembers a plugin's process."""
        self._plugins.add(pid)

    def reap(self):
        """What has ended since the last time, as `exited` frames of plugins."""
        exited, any_ended = [], False
        while (pid := _next_dead_child()) is not None:
            any_ended = True
            if pid in self._plugins:
                _kill_group(pid)  # before it is waited for, while its number cannot mean another group
            _, status, usage = os.wait4(pid, 0)
            if pid in self._plugins:
                self._plugins.remove(pid)
                exited.append(_exited(pid, status, usage))
        if any_ended:
            self._kill_orphans()
        return exited

    def end_all(self):
        """Kills every plugin and everything they started, and waits until nothing is left."""
        for pid in self._plugins:
            _kill_group(pid)
        with suppress(ChildProcessError):
            while True:
                self._plugins.discard(os.wait()[0])
                self._kill_orphans()

    def _kill_orphans(self):
        # What an orphan has started becomes our child when the orphan dies; its death calls us again.
        for pid in _children() - self._plugins:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


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


def _exited(pid, status, usage):
    return {
        "type": "exited",
        "pid": pid,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "max_rss_bytes": usage.ru_maxrss * 1024,
    }
