"""Events that greenlets wait for."""

import threading

from .greenlet import wait_for
from .timeout import Timeout


class Event(threading.Event):
    """As Python's."""

    ready = threading.Event.is_set

    def wait(self, timeout=None):
        """Whether it is set, at the latest after `timeout` seconds."""
        return wait_for(self.is_set, super().wait, timeout)


class AsyncResult:
    """A value that comes later."""

    def __init__(self):
        self.value = self.exception = None
        self._set = Event()

    def ready(self):
        """Whether it has come."""
        return self._set.is_set()

    def successful(self):
        """Whether it has come, and is no exception."""
        return self._set.is_set() and self.exception is None

    def set(self, value=None):
        """Here it is."""
        self.value = value
        self._set.set()

    def set_exception(self, exception, exc_info=None):
        """It failed."""
        self.exception = exception
        self._set.set()

    def get(self, block=True, timeout=None):
        """The value, or what was raised; `Timeout` if it takes longer."""
        if not self._set.wait(timeout if block else 0):
            raise Timeout(timeout)
        if self.exception is not None:
            raise self.exception
        return self.value

    def wait(self, timeout=None):
        """The value, or None if it takes longer."""
        self._set.wait(timeout)
        return self.value
