"""A greenlet is a daemon thread that can be waited for and asked to end."""

import logging
import threading
import time

from skirret_host.calls import raise_in_thread

logger = logging.getLogger(__name__)


class GreenletExit(BaseException):
    """Raised in a greenlet that is killed; no failure, but its value."""


_here = threading.local()


def getcurrent():
    """The greenlet that runs here, or the thread."""
    return getattr(_here, "greenlet", None) or threading.current_thread()


class Greenlet:
    """`run` in a thread of its own, from `start()` on. Subclasses may have their own `_run`."""

    def __init__(self, run=None, *args, **kwargs):
        if run is not None:
            self._run = run
        self.args, self.kwargs = args, kwargs
        self.value = self.exception = None
        self._thread = self._timer = None
        self._lock = threading.Lock()
        self._ended, self._woken = threading.Event(), threading.Event()
        self._is_killed = self._is_inside = False
        self._links = []

    @classmethod
    def spawn(cls, *args, **kwargs):
        """Makes and starts one."""
        made = cls(*args, **kwargs)
        made.start()
        return made

    @classmethod
    def spawn_later(cls, seconds, *args, **kwargs):
        """Makes one that starts after a while."""
        made = cls(*args, **kwargs)
        made.start_later(seconds)
        return made

    def _run(self, *args, **kwargs):
        raise NotImplementedError(f"{type(self).__name__} has nothing to run: give it a function, or a method _run")

    def start(self):
        """Starts the thread, once."""
        with self._lock:
            if self._thread is None and not self._ended.is_set():
                thread = threading.Thread(target=self._perform, name=f"greenlet-{id(self):x}", daemon=True)
                thread.start()  # fails when there is no room for another; then it may be tried again
                self._thread = thread

    def start_later(self, seconds):
        """Starts it after a while, unless it is killed before."""
        self._timer = threading.Timer(seconds, self.start)
        self._timer.daemon = True
        self._timer.start()

    def _perform(self):
        _here.greenlet = self
        try:
            with self._lock:
                self._is_inside = not self._is_killed
            if self._is_inside:  # from here on a kill may strike, until `_leave` is done
                self.value = self._run(*self.args, **self.kwargs)
        except GreenletExit as ended:
            self.value = ended
        except BaseException as error:  # it is for whoever asks for the value, and for the log
            self.exception = error
            logger.exception("greenlet %r failed", getattr(self._run, "__name__", self))
        finally:
            while self._is_inside:
                try:
                    self._leave()
                except BaseException:  # a kill that came when all was done
                    continue
            self._end()

    def _leave(self):
        with self._lock:
            raise_in_thread(threading.get_ident(), None)
            self._is_inside = False

    def _end(self):
        with self._lock:
            if self._is_killed and self.value is None and self.exception is None:
                self.value = GreenletExit()
            self._ended.set()
            links, self._links = self._links, []
        for callback in links:
            callback(self)
        close_connections()

    # What became of it

    @property
    def started(self):
        """Whether it runs, or is about to."""
        return self._thread is not None and not self._ended.is_set()

    @property
    def dead(self):
        """Whether it has ended."""
        return self._ended.is_set()

    def ready(self):
        """Whether it has ended."""
        return self._ended.is_set()

    def successful(self):
        """Whether it has ended without an exception."""
        return self._ended.is_set() and self.exception is None

    def __bool__(self):
        return self.started

    def link(self, callback):
        """Calls `callback(greenlet)` when it ends."""
        with self._lock:
            if not self._ended.is_set():
                self._links.append(callback)
                return
        callback(self)

    def link_exception(self, callback):
        """Calls `callback(greenlet)` if it fails."""
        self.link(lambda one: one.exception is not None and callback(one))

    def link_value(self, callback):
        """Calls `callback(greenlet)` if it succeeds."""
        self.link(lambda one: one.exception is None and callback(one))

    def join(self, timeout=None):
        """Waits for its end."""
        wait_for(self._ended.is_set, self._ended.wait, timeout)

    def get(self, block=True, timeout=None):
        """Its value, or what it raised; `Timeout` if it takes longer."""
        from .timeout import Timeout

        if not wait_for(self._ended.is_set, self._ended.wait, timeout if block else 0):
            raise Timeout(timeout)
        if self.exception is not None:
            raise self.exception
        return self.value

    def kill(self, exception=GreenletExit, block=True, timeout=None):
        """Raises `exception` in it: a loop and a `gevent.sleep` end at once, a blocking call when it returns."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            if self._ended.is_set():
                return
            self._is_killed = True
            if self._is_inside and self._thread is not threading.current_thread():
                raise_in_thread(self._thread.ident, exception if isinstance(exception, type) else type(exception))
            waits = self._thread is not None and block
        self._woken.set()
        if self._thread is None:
            self._end()
        elif self._thread is threading.current_thread():
            raise exception
        elif waits:
            self.join(timeout)


def sleep(seconds=0, ref=True):
    """A pause, which `kill` ends."""
    greenlet = getattr(_here, "greenlet", None)
    if greenlet is None or seconds <= 0:
        time.sleep(max(seconds, 0))
    else:
        greenlet._woken.wait(seconds)
        greenlet._woken.clear()


def wait_for(is_set, wait, seconds):
    """Waits with `wait` until `is_set`, so that whoever is killed waits no longer; whether it is set."""
    end = None if seconds is None else time.monotonic() + seconds
    # In slices: an exception from outside arrives between two of them, and not inside of one.
    while not is_set():
        left = 0.05 if end is None else min(0.05, end - time.monotonic())
        if left <= 0:
            return False
        wait(left)
    return True


def iwait(objects, timeout=None, count=None):
    """Greenlets as they end."""
    end = None if timeout is None else time.monotonic() + timeout
    waiting, found = list(objects), 0
    while waiting and (end is None or time.monotonic() < end) and (count is None or found < count):
        ready = [one for one in waiting if one.ready()]
        waiting = [one for one in waiting if one not in ready]
        for one in ready[: None if count is None else count - found]:
            found += 1
            yield one
        if waiting and not ready:
            time.sleep(0.01)


def wait(objects=None, timeout=None, count=None):
    """Those that ended in time."""
    if objects is None:
        raise NotImplementedError("gevent.wait() without objects waits for a hub, and here is none: name the greenlets")
    return list(iwait(objects, timeout, count))


def joinall(greenlets, timeout=None, raise_error=False, count=None):
    """Waits for all; those that ended."""
    done = list(iwait(greenlets, timeout, count))
    for one in done:
        if raise_error and one.exception is not None:
            raise one.exception
    return done


def kill(greenlet, exception=GreenletExit):
    """Kills one, without waiting for its end."""
    greenlet.kill(exception, block=False)


def killall(greenlets, exception=GreenletExit, block=True, timeout=None):
    """Kills several, and waits for all."""
    greenlets = list(greenlets)
    for one in greenlets:
        one.kill(exception, block=False)
    if block:
        joinall(greenlets, timeout)


def close_connections():
    """Database connections belong to the thread, and the thread ends."""
    from django.db import connections

    connections.close_all()
