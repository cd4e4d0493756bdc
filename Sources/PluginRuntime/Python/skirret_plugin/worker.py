"""A worker's stand-in: runs the plugin's own tasks, answers for Skirret's, and remembers what was enqueued."""

import base64
import json
import threading
import time
from dataclasses import dataclass, field

import redis
from celery import Celery, signature
from celery.app.task import Context

QUEUES = ("celery", "dvr")
ACTION = "skirret.plugins.run_action"


@dataclass
class EnqueuedTask:
    """One message. `outcome` is `noted` (Skirret's own, nobody ran it), `ran`, `failed`, or `waiting`."""

    name: str
    args: list
    kwargs: dict
    id: str
    countdown: bool = False
    outcome: str = "waiting"
    result: object = field(default=None, repr=False)

    def __str__(self):
        arguments = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwargs.items())]
        return f"{self.name}({', '.join(arguments)})"


class NotRunHere(NotImplementedError):
    """What waits for one of Skirret's own tasks gets."""


class Worker:
    """Serves the queues of a private Redis in threads of its own."""

    def __init__(self, socket_path):
        url = f"redis+socket://{socket_path}?virtual_host=0"
        self._redis = redis.Redis(unix_socket_path=socket_path)
        self._celery = Celery("skirret_plugin", broker=url, backend=url)
        self._celery.conf.update(task_serializer="json", result_serializer="json", accept_content=["json"])
        self._changed = threading.Condition()
        self._plugin, self._own = None, None
        self._running = 0
        self.tasks, self.answers = [], {}
        self._open = True
        self._thread = threading.Thread(target=self._serve, name="worker", daemon=True)
        self._thread.start()

    def serve(self, plugin):
        """From here on tasks are `plugin`'s, which is asked for its own names when the first arrives."""
        with self._changed:
            self._plugin, self._own = plugin, None

    def empty(self):
        """Forgets everything, and empties the Redis."""
        self.settle(10)
        self._redis.flushall()
        with self._changed:
            self.tasks, self.answers = [], {}

    def settle(self, seconds):
        """Waits until nothing is enqueued and nothing runs; returns what has been enqueued so far."""
        end = time.monotonic() + seconds
        with self._changed:
            while self._running or self._waiting():
                left = end - time.monotonic()
                if left <= 0:
                    names = [str(task) for task in self.tasks if task.outcome == "waiting"]
                    raise TimeoutError(f"not done within {seconds:g} s: {', '.join(names) or 'messages in Redis'}")
                self._changed.wait(min(left, 0.05))
            return self.tasks

    def close(self):
        """Ends the serving thread."""
        self._open = False
        self._thread.join(5)
        self._redis.close()

    def _waiting(self):
        return sum(self._redis.llen(queue) for queue in QUEUES)

    def _serve(self):
        while self._open:
            with self._changed:  # taken and counted in one step, so that `settle` never sees a message in between
                found = next((one for one in (self._redis.rpop(queue) for queue in QUEUES) if one), None)
                if found:
                    task, request = _read(found)
                    self.tasks.append(task)
                    self._running += 1
                    plugin = self._plugin
            if found:
                threading.Thread(target=self._do, args=(task, request, plugin), daemon=True).start()
            else:
                time.sleep(0.01)

    def _do(self, task, request, plugin):
        try:
            task.outcome, task.result = "ran", self._outcome(task, plugin)
            self._finish(request, task.result)
        except NotRunHere as error:
            task.outcome = "noted"
            self._fail(request, error)
        except Exception as error:
            task.outcome, task.result = "failed", error
            self._fail(request, error)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _finish(self, request, result):
        """Stores the result, and enqueues what follows: links, the rest of a chain, the body of a chord."""
        backend = self._celery.backend
        backend.store_result(request.id, result, "SUCCESS", request=request)
        for link in request.callbacks or ():
            signature(link, app=self._celery).apply_async((result,))
        if rest := request.chain:
            signature(rest.pop(), app=self._celery).apply_async((result,), chain=rest)
        elif request.chord:
            backend.on_chord_part_return(request, "SUCCESS", result)

    def _fail(self, request, error):
        backend = self._celery.backend
        backend.store_result(request.id, error, "FAILURE", request=request)
        if request.chord and not request.chain:
            backend.on_chord_part_return(request, "FAILURE", error)

    def _outcome(self, task, plugin):
        if task.name in self.answers:
            answer = self.answers[task.name]
            return answer(*task.args, **task.kwargs) if callable(answer) else answer
        if plugin is not None and task.name == ACTION and task.args[0] == plugin.key:
            return plugin.run(task.args[1], task.args[2])
        if plugin is not None and task.name in self._names_of(plugin):
            return plugin.task(task.name, task.args, task.kwargs, task.id)
        raise NotRunHere(
            f"{task.name} is Skirret's own and there is no server here: it is noted and not run. A test says what it "
            f"returns with plugin.answers[{task.name!r}] = …"
        )

    def _names_of(self, plugin):
        if self._own is None:
            self._own = plugin.describe()["tasks"]
        return self._own


def _read(data):
    """The task of a message, and the request that Celery would make of it."""
    message = json.loads(data)
    args, kwargs, embed = json.loads(base64.b64decode(message["body"]))
    headers = message["headers"]
    task = EnqueuedTask(headers["task"], args, kwargs, headers["id"], countdown=bool(headers.get("eta")))
    return task, Context(headers, args=args, kwargs=kwargs, **embed)
