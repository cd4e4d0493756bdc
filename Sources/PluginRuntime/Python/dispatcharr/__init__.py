"""The Django project that plugins know, and its Celery application."""

from .celery import app as celery_app

__all__ = ("celery_app",)
