"""Tasks that Skirret runs in Swift, as the Python objects that plugins call.

    @native
    def refresh_single_m3u_account(account_id): ...

is a real Celery task with Dispatcharr's name and signature. `.delay()` and its siblings enqueue it;
calling it runs it on a worker and waits, as calling a Python function would.
"""

from celery import Task
from dispatcharr.celery import app


class NativeTask(Task):
    """A task whose body is on the other side of the queue."""

    abstract = True

    def __call__(self, *args, **kwargs):
        # Celery forbids waiting inside a task, for fear of a full pool. A plugin's own process
        # takes no slot of the worker that answers, so here it is what the caller means.
        return self.apply_async(args, kwargs).get(disable_sync_subtasks=False)


def native(function=None, **options):
    """Declares the task named like `function`; its body is never run."""
    if function is None:
        return lambda function: native(function, **options)
    name = f"{function.__module__}.{function.__name__}"
    return app.task(function, base=NativeTask, name=name, **options)


def not_offered(*names, reason):
    """Functions that plugins may import, each of which says when called why there is nothing behind it."""

    def offer(name):
        def refuse(*args, **kwargs):
            raise NotImplementedError(f"{name}() is not available to plugins here: {reason}")

        refuse.__name__ = refuse.__qualname__ = name
        return refuse

    return [offer(name) for name in names]
