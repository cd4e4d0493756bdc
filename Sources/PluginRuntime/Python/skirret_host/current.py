"""Which plugin this process is, and which of its calls a thread is serving.

The SDK's helpers (`send_websocket_update` and its kin) have no context argument; they find their way here.
"""

import contextvars
import logging

from .frames import MAX_EVENT, Unserialisable

logger = logging.getLogger("skirret_host")

#: The running `Host`, or None in a process that is not a plugin's.
host = None

#: The `Call` that this thread serves, or None in a thread that the plugin started by itself.
call = contextvars.ContextVar("call", default=None)


def call_id():
    """The id of the call being served, or None."""
    current = call.get()
    return current.id if current else None


def publish_update(data):
    """Tells every client of the `updates` topic; never raises, as Dispatcharr's helper never does.

    Outside a plugin's process there is nobody to tell.
    """
    if host is None:
        return False
    try:
        host.writer.send("update", MAX_EVENT, type="update", id=call_id(), data=data)
        return True
    except (Unserialisable, OSError) as error:
        logger.warning("update not sent: %s", error)
        return False
