"""What the Python workers of these tests know."""

import time

from celery import Celery

app = Celery("python_tasks")
app.conf.broker_connection_retry_on_startup = True


@app.task(name="python.add")
def add(x, y):
    return x + y


@app.task(name="python.sleep")
def sleep(seconds):
    time.sleep(seconds)
    return seconds


# Ours have these as well; see `skirret worker --samples`.
@app.task(name="samples.add")
def samples_add(x, y):
    return x + y


@app.task(name="samples.fail")
def samples_fail(message):
    raise ValueError(message)


@app.task(name="samples.flaky", bind=True, max_retries=3)
def samples_flaky(self, fail_times):
    if self.request.retries < fail_times:
        raise self.retry(exc=RuntimeError("again"), countdown=0.3)
    return self.request.retries
