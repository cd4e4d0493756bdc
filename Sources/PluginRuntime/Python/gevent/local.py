"""Values of one thread, which are Python's."""

from threading import local

__all__ = ("local",)
