"""The Celery application of the Python workers in a mixed fleet."""

from __future__ import annotations

import os
import time

from celery import Celery

app = Celery("judge", broker=os.environ["JUDGE_REDIS"], backend=os.environ["JUDGE_REDIS"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": int(os.environ["JUDGE_VISIBILITY"])},
    worker_hijack_root_logger=False,
)


@app.task(name="samples.journal", bind=True)
def journal(self, path: str, seconds: float = 0, conduct: str = "sleep") -> int:
    """Writes the same two lines as the worker under test."""

    def append(what: str) -> None:
        line = f"{what} {self.request.id} {self.request.hostname} {os.getpid()} {int(time.monotonic() * 1e6)}\n"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.write(file, line.encode())
        os.close(file)

    append("start")
    time.sleep(seconds)
    append("end")
    return self.request.retries
