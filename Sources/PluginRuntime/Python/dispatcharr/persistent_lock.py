"""A lock in Redis that only its holder can free, and that frees itself when the holder is gone."""

from redis.exceptions import LockError


class PersistentLock:
    """`lock_timeout` is in seconds; hold on for longer with `refresh()`."""

    def __init__(self, redis_client, lock_key, lock_timeout=120):
        self.redis_client = redis_client
        self.lock_key = lock_key
        self.lock_timeout = lock_timeout
        # Any thread of the holder may free it, as plugins acquire in one and release in another.
        self._lock = redis_client.lock(lock_key, timeout=lock_timeout, blocking=False, thread_local=False)

    @property
    def lock_token(self):
        """What marks the lock as ours in Redis, or None."""
        return self._lock.local.token

    @property
    def has_lock(self):
        """Whether the lock is ours now."""
        return self._lock.owned()

    def acquire(self):
        """Takes the lock; False if somebody has it."""
        return self._lock.acquire(blocking=False)

    def refresh(self):
        """Starts the timeout anew; False if the lock is no longer ours."""
        try:
            return bool(self._lock.reacquire())
        except LockError:
            return False

    def release(self):
        """Frees the lock; False if it was no longer ours."""
        try:
            self._lock.release()
        except LockError:
            return False
        return True
