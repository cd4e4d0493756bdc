"""One call of a plugin: its thread, and how it is stopped from outside."""

import ctypes
import threading
import time

from celery.exceptions import SoftTimeLimitExceeded

from . import current


class Call:
    """A request in the hands of its own thread."""

    def __init__(self, frame):
        self.frame = frame
        self.id = frame["id"]
        self._thread_id = None
        self._cancelled = False
        self._lock = threading.Lock()
        self._woken = threading.Event()

    def start(self):
        """Names the calling thread as the one that serves this call."""
        self._thread_id = threading.get_ident()
        current.call.set(self)

    def cancel(self):
        """Raises `SoftTimeLimitExceeded` in the call's thread, once.

        It arrives between two bytecodes: a spinning loop and a `time.sleep` end at once, a blocking
        call in C only when it returns. What does not listen is killed by the supervisor.
        """
        with self._lock:
            if self._thread_id is None or self._cancelled:
                return
            self._cancelled = True
            raise_in_thread(self._thread_id, SoftTimeLimitExceeded)
        self._woken.set()

    def finish(self):
        """From here on a cancel comes too late and does nothing."""
        with self._lock:
            if self._thread_id is not None:
                raise_in_thread(self._thread_id, None)
            self._thread_id = None

    def sleep(self, seconds):
        """A sleep that a cancel ends early."""
        self._woken.wait(seconds)
        self._woken.clear()


def raise_in_thread(thread_id, error):
    raised = ctypes.py_object(error) if error else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), raised)


def make_sleep_cancellable():
    """Replaces `time.sleep`, which a cancel cannot reach, in threads that serve a call."""
    uninterrupted = time.sleep

    def sleep(seconds):
        call = current.call.get()
        if call is None or not isinstance(seconds, (int, float)) or not 0 < seconds < threading.TIMEOUT_MAX:
            return uninterrupted(seconds)
        return call.sleep(seconds)

    time.sleep = sleep
