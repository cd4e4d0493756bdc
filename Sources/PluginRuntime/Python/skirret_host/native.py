"""Tasks that Skirret runs in Swift, as the Python objects that plugins call.

    @native
    def refresh_single_m3u_account(account_id): ...

is a real Celery task with Dispatcharr's name and signature. `.delay()` and its siblings enqueue it;
calling it runs it on a worker and waits, as calling a Python function would.
"""

import functools

from celery import Task
from dispatcharr.celery import app
from django.db import connection
from django.db.transaction import TransactionManagementError


class NativeTask(Task):
    """A task whose body is on the other side of the queue."""

    abstract = True

    def __call__(self, *args, **kwargs):
        if connection.in_atomic_block:
            # The transaction holds SQLite's only writing place until it ends, and waits here for somebody who needs it.
            raise TransactionManagementError(
                f"{self.name} was called inside transaction.atomic(): it runs in another process, which would wait for "
                "this transaction while this transaction waits for it. Call it after the block, or enqueue it with "
                f"transaction.on_commit({self.__name__}.delay)."
            )
        # Celery forbids waiting inside a task, for fear of a full pool. A plugin's own process
        # takes no slot of the worker that answers, so here it is what the caller means.
        return self.apply_async(args, kwargs).get(disable_sync_subtasks=False)


def native(function=None, **options):
    """Declares the task named like `function`; its body is never run."""
    if function is None:
        return lambda function: native(function, **options)
    name = f"{function.__module__}.{function.__name__}"
    return app.task(function, base=NativeTask, name=name, **options)


class renamed:
    """A task's older name; the function says which task does it now, as a signature."""

    def __init__(self, choose):
        functools.update_wrapper(self, choose)
        self.s = choose

    def __call__(self, *args, **kwargs):
        signature = self.s(*args, **kwargs)
        return signature.type(*signature.args, **signature.kwargs)

    def si(self, *args, **kwargs):
        """A signature that takes nothing from the task before it in a chain."""
        return self.s(*args, **kwargs).set(immutable=True)

    def delay(self, *args, **kwargs):
        """Enqueues it."""
        return self.s(*args, **kwargs).delay()

    def apply_async(self, args=None, kwargs=None, **options):
        """Enqueues it with Celery's options."""
        return self.s(*(args or ()), **(kwargs or {})).apply_async(**options)


def not_offered(*names, reason):
    """Functions that plugins may import, each of which says when called why there is nothing behind it."""

    def offer(name):
        def refuse(*args, **kwargs):
            raise NotImplementedError(f"{name}() is not available to plugins here: {reason}")

        refuse.__name__ = refuse.__qualname__ = name
        return refuse

    return [offer(name) for name in names]
