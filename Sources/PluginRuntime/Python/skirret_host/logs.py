"""Log records become frames, so that each line is kept with the call it belongs to."""

import logging

from celery.exceptions import SoftTimeLimitExceeded

from . import current
from .values import clean

#: Characters of one line; the rest is cut and counted.
MAX_LINE = 16_384


class FrameHandler(logging.Handler):
    """Sends every record over the plugin's socket."""

    def __init__(self, writer):
        super().__init__()
        self._writer = writer

    def emit(self, record):
        try:
            text = clean(self.format(record))
            if len(text) > MAX_LINE:
                text = f"{text[:MAX_LINE]}… ({len(text) - MAX_LINE} more characters)"
            self._writer.send(
                "log", type="log", id=current.call_id(), level=record.levelname.lower(),
                logger=record.name, message=text, time=record.created,
            )  # fmt: skip
        except OSError:
            pass  # the reader is gone, and this process is about to be: there is nobody left to tell
        except SoftTimeLimitExceeded:
            raise  # a cancel that happened to strike here is the call's, not ours to swallow
        except Exception:
            self.handleError(record)


def route_to(writer):
    """Makes `writer` the destination of all logging in this process, from INFO upwards."""
    _install(FrameHandler(writer), "%(message)s")


def route_to_stderr():
    """For processes that the plugin forks, which have no socket: their lines are kept with its output."""
    _install(logging.StreamHandler(), "%(levelname)s %(name)s: %(message)s")


def _install(handler, layout):
    handler.setFormatter(logging.Formatter(layout))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
