"""Locks in Redis that keep one piece of work from running twice, under Dispatcharr's key names.

They expire by themselves after five minutes, so that a dead holder does not hold for ever; a
`TaskLockRenewer` keeps one for longer work.
"""

import logging
import threading

logger = logging.getLogger(__name__)

#: Seconds. Dispatcharr's own, so that both agree on when a holder counts as dead.
LOCK_SECONDS = 300
RENEWAL_SECONDS = 120


def _redis():
    from core.redis_client import RedisClient

    return RedisClient.get_client()


def _key(task_name, id):
    return f"task_lock_{task_name}_{id}"


def acquire_task_lock(task_name, id):
    """Takes the lock; falsy if somebody has it."""
    return _redis().set(_key(task_name, id), "locked", nx=True, ex=LOCK_SECONDS)


def release_task_lock(task_name, id):
    """Frees the lock, whoever took it."""
    _redis().delete(_key(task_name, id))


def is_task_lock_held(task_name, id):
    """Whether anybody has the lock."""
    return bool(_redis().exists(_key(task_name, id)))


class TaskLockRenewer:
    """Keeps a lock that is held alive while work goes on: `with TaskLockRenewer("x", 7): ...`."""

    def __init__(self, task_name, id, ttl=LOCK_SECONDS, renewal_interval=RENEWAL_SECONDS):
        self._key = _key(task_name, id)
        self._ttl = ttl
        self._interval = renewal_interval
        self._stopped = threading.Event()
        self._thread = None

    def start(self):
        """Begins renewing, in a thread of its own."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._renew, name=f"renew-{self._key}", daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Ends renewing; the lock stays until it is released or expires."""
        self._stopped.set()
        if self._thread:
            self._thread.join(timeout=2)

    def _renew(self):
        while not self._stopped.wait(self._interval):
            try:
                _redis().expire(self._key, self._ttl)
            except Exception:  # Redis may be back before the lock expires: the next round tries again
                logger.warning("lock %s not renewed", self._key, exc_info=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.stop()
