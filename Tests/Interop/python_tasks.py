"""What the Python workers of these tests know."""

from celery import Celery

app = Celery("python_tasks")
app.conf.broker_connection_retry_on_startup = True


@app.task(name="python.add")
def add(x, y):
    return x + y
