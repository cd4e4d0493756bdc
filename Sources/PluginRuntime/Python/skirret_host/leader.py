"""`on_leader_acquired` and `on_leader_lost`: of all processes that a plugin runs in, one at a time leads.

A lease in Redis, `skirret:plugins:leader:<key>`, says which. Its holder renews it, and counts it as lost before anybody
else can take it: what must run once never runs twice, whatever became of Redis, of the machine, or of the network.

        try ──taken──▶ leading ──not renewed in time, or taken by another──▶ lost ──▶ try
"""

import logging
import threading
import time

logger = logging.getLogger("skirret_host")

ACQUIRED, LOST = HOOKS = ("on_leader_acquired", "on_leader_lost")

#: Seconds. The lease, as upstream proposes it; a process that dies is followed after this long at most.
LEASE = 30.0
#: Seconds between two attempts to take or renew it: two may fail before the lease is in danger.
RENEWAL = 10.0


def key_of(plugin):
    """STRING with TTL: the token of the process in which `plugin` leads."""
    return f"skirret:plugins:leader:{plugin}"


class Leadership:
    """One process's part in it; `announce(hook)` is called with the name of a hook, in a thread of its own.

    `is_wanted()` is asked before each attempt: a plugin that was switched off leads in none of its processes, also
    where nobody told it.
    """

    def __init__(self, lock, announce, is_wanted=lambda: True, lease=LEASE, renewal=RENEWAL):
        self._lock, self._announce, self._is_wanted = lock, announce, is_wanted
        self._renewal = renewal
        #: Seconds since the last renewal began after which the lease counts as lost: five sixths of it.
        self._safely = lease * 5 / 6
        self._ended = threading.Event()
        self._turn = threading.Lock()
        self._leads_until = None
        self._thread = threading.Thread(target=self._campaign, name="leadership", daemon=True)

    @property
    def leads(self):
        """Whether this process leads, as far as anybody can know."""
        return self._leads_until is not None

    def start(self):
        """Takes part from now on."""
        self._thread.start()

    def resign(self):
        """Takes part no more, and lets the next one lead at once; the name of the hook that is due, or None."""
        self._ended.set()
        with self._turn:
            return self._give_back()

    def _give_back(self):
        if not self.leads:
            return None
        self._leads_until = None
        try:
            self._lock.release()
        except Exception as error:  # Redis away: the lease then ends by itself
            logger.warning("the lease of a leader was not given back: %s", error)
        return LOST

    def _campaign(self):
        while not self._ended.is_set():
            with self._turn:
                hook = None if self._ended.is_set() else self._step()
            if hook:
                threading.Thread(target=self._announce, args=(hook,), name=hook, daemon=True).start()
            self._ended.wait(self._pause())

    def _step(self):
        """Takes, renews or gives back the lease; the hook that is due, or None."""
        if not self._is_wanted():
            return self._give_back()
        began = time.monotonic()
        held = self._hold()
        if held:
            was, self._leads_until = self._leads_until, began + self._safely
            return None if was is not None else ACQUIRED
        if self.leads and (held is False or time.monotonic() >= self._leads_until):
            self._leads_until = None
            return LOST
        return None

    def _hold(self):
        """True, False, or None when Redis does not say."""
        try:
            return self._lock.refresh() if self.leads else self._lock.acquire()
        except Exception as error:  # Redis away, loading, read-only: nothing of it is the plugin's business
            logger.warning("leadership is not certain: %s", error)
            return None

    def _pause(self):
        if not self.leads:
            return self._renewal
        # Never past the moment at which the lease counts as lost.
        return max(min(self._renewal, self._leads_until - time.monotonic()), 0.01)


def of_host(host):
    """The leadership of the plugin that `host` has loaded, started; None for a plugin without such hooks."""
    instance = host.loaded.instance
    if not any(callable(getattr(instance, hook, None)) for hook in HOOKS):
        return None
    from core.redis_client import RedisClient
    from dispatcharr.persistent_lock import PersistentLock

    lock = PersistentLock(RedisClient.new_client(), key_of(host.key), LEASE)
    leadership = Leadership(lock, lambda hook: call(host, hook), lambda: _is_enabled(host.key))
    leadership.start()
    return leadership


def _is_enabled(key):
    """Whether an administrator has the plugin switched on; yes when the database does not say."""
    from apps.plugins.models import PluginConfig
    from django.db import DatabaseError, connection

    try:
        return PluginConfig.objects.filter(key=key, enabled=True).exists()
    except DatabaseError as error:
        logger.warning("leadership goes on unasked: %s", error)
        return True
    finally:
        connection.close()


def call(host, hook):
    """Calls one hook with a context, if the plugin has it; what it raises is logged, and nobody else's trouble."""
    from django.db import connections

    try:
        if callable(method := getattr(host.loaded.instance, hook, None)):
            method(host.own_context())
    except Exception:
        logging.getLogger(f"plugins.{host.key}").exception("%s failed", hook)
    finally:
        connections.close_all()
