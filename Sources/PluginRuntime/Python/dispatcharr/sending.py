"""How a `.delay()` leaves the plugin's process: through Skirret where it listens, else straight to Redis.

Either way kombu makes the message, so its bytes are the same.
"""

from celery.app.amqp import AMQP
from django.db import connection, transaction
from kombu import Connection, Producer
from kombu.common import Broadcast
from kombu.transport import virtual
from kombu.utils.json import dumps
from skirret_host import current


class Channel(virtual.Channel):
    """Kombu's channel up to the point where a message is whole."""

    supports_fanout = False

    def _put(self, queue, message, **_):
        orders, text = current.host.orders, dumps(message)
        if not connection.in_atomic_block:
            return orders.place(queue, text)
        # The transaction holds the file that the ledger is in. So the task goes out at once, as Celery's do,
        # and is in the ledger when the transaction is committed.
        orders.place(queue, text, "send")
        transaction.on_commit(lambda: orders.place(queue, text, "record"), robust=True)

    def _new_queue(self, queue, **_):
        """Skirret declares what it needs."""

    def _size(self, queue):
        return 0


class Transport(virtual.Transport):
    """Makes such channels; there is nothing to connect to."""

    Channel = Channel
    driver_type = driver_name = "skirret"

    def __init__(self, client, **options):
        super().__init__(client, **options)
        self.state = virtual.BrokerState()


class ThroughHost(AMQP):
    """Celery's own way to send, with another producer where Skirret takes what is sent."""

    def _create_task_sender(self):
        send = super()._create_task_sender()
        producer_here = Producer(Connection(transport=Transport), auto_declare=False)

        def send_task_message(producer, name, message, **options):
            return send(producer_here if self._is_for_skirret(options) else producer, name, message, **options)

        return send_task_message

    @staticmethod
    def _is_for_skirret(options):
        """Whether it goes to one queue by its name: what goes to many by an exchange is Redis's to deal out."""
        orders = current.host and current.host.orders
        queue = options.get("queue")
        is_one_queue = not options.get("exchange") and not isinstance(queue, Broadcast)
        is_direct = getattr(getattr(queue, "exchange", None), "type", "direct") == "direct"
        return bool(orders and orders.are_taken() and is_one_queue and is_direct)
