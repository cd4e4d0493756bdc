"""A plugin's tasks on their way through the host: in Skirret's ledger before Redis hears of them.

    .delay() ── "order" ──▶ Skirret: ledger, on disk; then Redis ── "ordered" ──▶ .delay() returns

So what `.delay()` has accepted outlives this process, Skirret's, Redis's memory and a power cut.
"""

import itertools
import os
import threading
import time

from kombu.exceptions import OperationalError

from . import current

#: Seconds. Skirret waits ten for others who write to the database, and one and a half for Redis.
PATIENCE = 13
#: Seconds between two looks at whether the call was cancelled, which a waiting thread does not notice.
PULSE = 0.25


class NotAccepted(OperationalError):
    """Skirret did not take the task, and says why; nothing was sent."""


class Orders:
    """The tasks that this process has sent and that have no answer yet; one for the plugin's process."""

    def __init__(self, writer):
        self._writer = writer
        self._pid = os.getpid()
        self._numbers = itertools.count(1)
        self._waiting = {}

    def are_taken(self):
        """False in a process that the plugin has forked: only its parent may speak."""
        return os.getpid() == self._pid

    def place(self, queue, message, step="accept"):
        """Returns once Skirret has taken the message; `step` is `accept`, or one half of it: `send`, `record`."""
        answer = _Answer()
        number = next(self._numbers)
        self._waiting[number] = answer
        try:
            self._writer.send(
                "task", type="order", id=current.call_id(), order=number, queue=queue, message=message, step=step
            )
            if not answer.wait(PATIENCE):
                raise NotAccepted(
                    f"Skirret has not answered for {PATIENCE} s whether it takes the task. Is its disk busy? "
                    "It may yet run; send it again under the same task_id, and it runs once."
                )
        finally:
            del self._waiting[number]
        if answer.refusal is not None:
            raise NotAccepted(f"the task was not accepted: {answer.refusal}")

    def answered(self, frame):
        """What Skirret says to an order; nobody may be waiting for it any more."""
        if answer := self._waiting.get(frame.get("order")):
            answer.give(frame.get("error"))


class _Answer:
    def __init__(self):
        self.refusal = None
        self._is_there = threading.Event()

    def give(self, refusal):
        self.refusal = refusal
        self._is_there.set()

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while not self._is_there.wait(PULSE):
            if time.monotonic() > end:
                return False
        return True
