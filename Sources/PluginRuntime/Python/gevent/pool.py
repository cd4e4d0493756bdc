"""Groups of greenlets, of as many at a time as one likes."""

import threading

from .greenlet import Greenlet, joinall, killall


class Group:
    """Greenlets that are waited for together."""

    greenlet_class = Greenlet

    def __init__(self, *greenlets):
        self.greenlets = set(greenlets)
        for one in greenlets:
            one.link(self.discard)

    def __len__(self):
        return len(self.greenlets)

    def __iter__(self):
        return iter(set(self.greenlets))

    def add(self, greenlet):
        """Takes one in until it ends."""
        self.greenlets.add(greenlet)
        greenlet.link(self.discard)

    def discard(self, greenlet):
        """Lets one go."""
        self.greenlets.discard(greenlet)

    def spawn(self, *args, **kwargs):
        """Starts one."""
        made = self.greenlet_class(*args, **kwargs)
        self.add(made)
        made.start()
        return made

    def map(self, function, iterable):
        """The results, in order."""
        return [one.get() for one in [self.spawn(function, item) for item in iterable]]

    def imap(self, function, iterable):
        """The results, in order, one after the other."""
        return iter(self.map(function, iterable))

    imap_unordered = imap

    def apply(self, function, args=(), kwargs=None):
        """The result of one."""
        return self.spawn(function, *args, **(kwargs or {})).get()

    def apply_async(self, function, args=(), kwargs=None):
        """Starts one."""
        return self.spawn(function, *args, **(kwargs or {}))

    def join(self, timeout=None, raise_error=False):
        """Waits for all; whether none is left."""
        joinall(list(self.greenlets), timeout, raise_error)
        return not self.greenlets

    def kill(self, *args, block=True, timeout=None):
        """Kills all."""
        killall(list(self.greenlets), *args, block=block, timeout=timeout)


class Pool(Group):
    """At most `size` at a time; whoever starts one more waits."""

    def __init__(self, size=None):
        super().__init__()
        self.size = size
        self._free = threading.Semaphore(size) if size else None

    def spawn(self, *args, **kwargs):
        if self._free is None:
            return super().spawn(*args, **kwargs)
        self._free.acquire()
        made = super().spawn(*args, **kwargs)
        made.link(lambda _: self._free.release())
        return made
