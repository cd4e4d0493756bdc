"""Results in Redis, subscribed to only by who waits for them."""

from celery.backends.redis import RedisBackend, SentinelBackend


class Unprepared:
    """Celery's backend without the subscription that every `.delay()` opens in case somebody asks later.

    A plugin rarely asks: the subscription would cost a connection per thread and a channel per
    call. `AsyncResult.get()` subscribes by itself.
    """

    def on_task_call(self, producer, task_id):
        """Nothing is prepared for a result that nobody may want."""


class RedisResults(Unprepared, RedisBackend):
    """Results in one Redis."""


class SentinelResults(Unprepared, SentinelBackend):
    """Results in whichever Redis the sentinels call the master."""
