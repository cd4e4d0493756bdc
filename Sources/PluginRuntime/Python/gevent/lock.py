"""Locks, which are Python's."""

from threading import BoundedSemaphore, RLock, Semaphore

__all__ = ("BoundedSemaphore", "RLock", "Semaphore")
