"""What this process is among the proxy's workers: somebody who looks on."""

import os
import socket
import threading

from core.utils import RedisClient


class Bystander:
    """One object per process and class, known by its host and process id where it asks for something."""

    _lock = threading.Lock()

    def __init__(self):
        self.worker_id = f"{socket.gethostname()}:{os.getpid()}"

    @classmethod
    def get_instance(cls):
        """The one of this process."""
        with cls._lock:
            if "_instance" not in cls.__dict__:
                cls._instance = cls()
            return cls._instance

    @property
    def redis_client(self):
        """A client that answers in text, or None while Redis is away."""
        return RedisClient.get_client(max_retries=1)
