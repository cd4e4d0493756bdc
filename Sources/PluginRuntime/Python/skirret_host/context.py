"""The `context` that a plugin's methods are called with: the union of both plugin generations."""

import logging
import math
from dataclasses import dataclass, field

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from .frames import MAX_EVENT

#: Seconds. Nobody waits for a dispatched action, so it may take as long as a refresh, which has the same limit.
DISPATCHED_SECONDS = 3600


@dataclass
class Request:
    """What is left of the HTTP request: it was answered by another process."""

    data: dict = field(default_factory=dict)
    FILES: MultiValueDict = field(default_factory=MultiValueDict)
    user: object = None
    method: str = "POST"

    @property
    def POST(self):
        """The same as `data`."""
        return self.data


class Upload(UploadedFile):
    """A file that the API has stored for this call."""

    def temporary_file_path(self):
        """Where it lies; it is removed after the call."""
        return self.file.name


def open_uploads(files):
    """Django's `FILES` for the stored uploads of a call frame, by form field."""
    return MultiValueDict(
        {
            name: [
                Upload(
                    open(one["path"], "rb"), name=one.get("name"), size=one.get("size"),
                    content_type=one.get("content_type"),
                )
                for one in uploads
            ]
            for name, uploads in (files or {}).items()
        }
    )  # fmt: skip


def close_uploads(files):
    """Closes what `open_uploads` opened."""
    for _, uploads in files.lists():
        for upload in uploads:
            upload.close()


def build(call, plugin, writer, files, **extra):
    """The context of one call: `plugin` is the loaded plugin, `call` the frame that asks."""
    about = call.frame.get("plugin") or {}
    data = {name: call.frame[name] for name in ("action", "resource", "params") if name in call.frame}
    return {
        "settings": plugin.settings(call.frame.get("settings")),
        "logger": logging.getLogger(f"plugins.{plugin.key}"),
        "actions": plugin.actions_by_id(),
        "ui_schema": plugin.ui_schema(),
        "plugin": {"key": plugin.key, **{name: about.get(name, "") for name in ("name", "version", "description")}},
        "files": files,
        "request": Request(data=data, FILES=files),
        "emit_event": _event_emitter(call, writer),
        "report_progress": _progress_reporter(call, writer),
        "dispatch_task": _task_dispatcher(plugin.key),
        **extra,
    }


def _event_emitter(call, writer):
    def emit_event(event, payload=None, *, success=True):
        """Tells everybody who watches this plugin that `event` happened."""
        writer.send(
            "event", MAX_EVENT, type="event", id=call.id, event=str(event), payload=payload, success=bool(success)
        )

    return emit_event


def _progress_reporter(call, writer):
    def report_progress(percent, message=""):
        """How far this call is, from 0 to 100."""
        percent = float(percent)
        if not math.isfinite(percent):
            raise ValueError(f"progress is a number from 0 to 100, not {percent}")
        writer.send(
            "progress", MAX_EVENT, type="progress", id=call.id, percent=min(max(percent, 0.0), 100.0),
            message=str(message),
        )  # fmt: skip

    return report_progress


def _task_dispatcher(key):
    def dispatch_task(action, params=None, *, time_limit=DISPATCHED_SECONDS):
        """Enqueues another action of this plugin, which may take `time_limit` seconds; the task's id, at once."""
        from dispatcharr.celery import app

        arguments = [key, str(action), params or {}, {}]
        return app.send_task("skirret.plugins.run_action", args=arguments, time_limit=time_limit).id

    return dispatch_task
