"""The part of gevent that plugins use, on threads.

Dispatcharr's web workers are gevent's, and plugins start their servers and loops with `gevent.spawn`. A plugin here
has a process of its own whose calls are threads: a real greenlet would wait for a hub that nobody turns. So a
`Greenlet` is a thread, a pause is a pause, and nothing is patched. What is not here fails when it is imported, with a
sentence.
"""

from .greenlet import Greenlet, GreenletExit, getcurrent, iwait, joinall, kill, killall, sleep, wait
from .timeout import Timeout, with_timeout

__all__ = (
    "Greenlet", "GreenletExit", "Timeout", "getcurrent", "idle", "iwait", "joinall", "kill", "killall", "sleep",
    "spawn", "spawn_later", "spawn_raw", "wait", "with_timeout",
)  # fmt: skip

#: What plugins compare. Not the version of a release: no code is taken from one.
__version__ = "0"
version_info = (0, 0, 0)

spawn = spawn_raw = Greenlet.spawn
spawn_later = Greenlet.spawn_later


def idle(priority=0):
    """Lets others run."""
    sleep(0)
