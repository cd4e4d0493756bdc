"""Tasks that follow from saving a row."""

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


#: Seconds. What nobody has done by then, the next refresh does.
EXPIRES = 1800


def enqueue(task, *args, countdown=None):
    """Enqueues a task when the transaction that goes on is committed, so that it finds the row.

    The row is saved also when Redis is away, or when no worker knows the task: it expires then.
    """

    def send():
        try:
            task.apply_async(args, countdown=countdown, expires=EXPIRES)
        except (OperationalError, OSError):
            logger.exception("%s%r not enqueued", task.name, args)

    transaction.on_commit(send)
