"""The Celery application behind every `.delay()` of a plugin.

It produces and waits; the workers that consume are Skirret's own, or any Celery worker on the same Redis.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatcharr.settings")

URL = os.environ.get("SKIRRET_BROKER_URL", "redis://127.0.0.1:6379/0")

app = Celery("dispatcharr")
app.conf.update(
    broker_url=URL,
    result_backend=URL,
    # Pickle is never read or written, on either side.
    task_serializer="json",
    result_serializer="json",
    accept_content=["json"],
    result_expires=3600,
    timezone="UTC",
    enable_utc=True,
    task_routes={"apps.channels.tasks.run_recording": {"queue": "dvr"}},
    worker_hijack_root_logger=False,
    # A `.delay()` answers or fails within two seconds, also when Redis is gone or frozen:
    # one connection attempt of a second at most, then one command of a second.
    broker_connection_timeout=1,
    broker_connection_retry=False,
    broker_transport_options={"socket_connect_timeout": 1, "socket_timeout": 1, "max_retries": 0},
    task_publish_retry=False,
    redis_socket_connect_timeout=1,
    redis_socket_timeout=2,
    result_backend_always_retry=False,
    result_backend_transport_options={"retry_policy": {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}},
)
app.loader.override_backends = dict.fromkeys(("redis", "rediss"), "dispatcharr.results:RedisResults")
app.set_default()
