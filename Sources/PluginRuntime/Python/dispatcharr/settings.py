"""Django settings of the plugin host: real models over the database that Skirret owns, and no web stack.

Everything of a place comes from the environment that the host was started with.
"""

import json
import os

DATA_DIR = os.environ.get("SKIRRET_DATA_DIR", "data")
BROKER_URL = os.environ.get("SKIRRET_BROKER_URL", "redis://127.0.0.1:6379/0")
#: What its URL cannot say: a Sentinel's `master_name`, and how to log in to the sentinels.
BROKER_OPTIONS = json.loads(os.environ.get("SKIRRET_BROKER_OPTIONS") or "{}")

# Signs nothing here: sessions and tokens are the API's.
SECRET_KEY = "the plugin host signs nothing"
DEBUG = False
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = []
ROOT_URLCONF = "dispatcharr.urls"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_celery_beat",
    "apps.accounts",
    "core",
    "apps.channels",
    "apps.m3u",
    "apps.epg",
    "apps.vod",
    "apps.plugins",
    "apps.connect",
    "apps.dashboard",
    "apps.hdhr",
]
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "dispatcharr.db.sqlite",
        "NAME": os.environ.get("SKIRRET_DATABASE", os.path.join(DATA_DIR, "skirret.db")),
        # Several processes write. A transaction that starts as a reader and then writes fails at
        # once when another has written; IMMEDIATE waits for its turn instead, for `timeout` seconds.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10},
    }
}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": [BROKER_URL],  # a list: Django would cut a text at the semicolons between sentinels
        "KEY_PREFIX": "plugins",
        "OPTIONS": {
            "serializer": "dispatcharr.cache.JSONSerializer",
            "pool_class": "dispatcharr.redis_urls.Pool",
            "socket_connect_timeout": 1,
            "socket_timeout": 2,
        },
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
MEDIA_ROOT = os.path.join(DATA_DIR, "media")

# The host routes every record to its own frames.
LOGGING_CONFIG = None
