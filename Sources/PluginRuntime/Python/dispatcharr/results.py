"""Results in Redis, subscribed to only by who waits for them."""

from celery.backends.redis import RedisBackend


class RedisResults(RedisBackend):
    """Celery's backend without the subscription that every `.delay()` opens in case somebody asks later.

    A plugin rarely asks: the subscription would cost a connection per thread and a channel per
    call. `AsyncResult.get()` subscribes by itself.
    """

    def on_task_call(self, producer, task_id):
        """Nothing is prepared for a result that nobody may want."""
