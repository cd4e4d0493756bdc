"""The Celery application behind every `.delay()` of a plugin.

It produces and waits; the workers that consume are Skirret's own, or any Celery worker on the same Redis.
"""

import json
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dispatcharr.settings")

URL = os.environ.get("SKIRRET_BROKER_URL", "redis://127.0.0.1:6379/0")
#: Where results are, if not in the broker.
BACKEND_URL = os.environ.get("SKIRRET_BACKEND_URL")


def transport_options(variable):
    """What a URL of Celery's cannot say: a Sentinel's `master_name`, and how to log in to the sentinels."""
    options = json.loads(os.environ.get(variable) or "{}")
    if "master_name" in options:
        patience = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
        options["sentinel_kwargs"] = {**patience, **options.get("sentinel_kwargs", {})}
    return options


app = Celery("dispatcharr", amqp="dispatcharr.sending:ThroughHost")
app.conf.update(
    broker_url=URL,
    result_backend=BACKEND_URL or URL,
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
    broker_transport_options={
        **transport_options("SKIRRET_BROKER_OPTIONS"),
        "socket_connect_timeout": 1,
        "socket_timeout": 1,
        "max_retries": 0,
    },
    task_publish_retry=False,
    redis_socket_connect_timeout=1,
    redis_socket_timeout=2,
    result_backend_always_retry=False,
    result_backend_transport_options={
        **transport_options("SKIRRET_BACKEND_OPTIONS" if BACKEND_URL else "SKIRRET_BROKER_OPTIONS"),
        "retry_policy": {"max_retries": 1, "interval_start": 0, "interval_max": 0.2},
    },
)
app.loader.override_backends = {
    "redis": "dispatcharr.results:RedisResults",
    "rediss": "dispatcharr.results:RedisResults",
    "sentinel": "dispatcharr.results:SentinelResults",
}
app.set_default()
