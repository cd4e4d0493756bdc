"""What the document's plugins do not do: wait, tell everybody, and read an uploaded file."""

import os
import time

from core.utils import send_websocket_update


class Plugin:
    name = "Slow One"
    version = "1.0.0"
    description = "Serves the acceptance checks and is removed after them."

    actions = [
        {"id": "wait", "label": "Wait"},
        {"id": "tell", "label": "Tell"},
        {"id": "read", "label": "Read a file"},
    ]

    def run(self, action: str, params: dict, context: dict):
        return {"wait": self.wait, "tell": self.tell, "read": self.read}[action](params, context)

    def wait(self, params, context):
        context["emit_event"]("waiting", {"pid": os.getpid()})
        time.sleep(float(params["seconds"]))
        return {"status": "ok", "pid": os.getpid()}

    def tell(self, params, context):
        update = {"type": "plugin_event", "plugin": "slow_one", "event": "told", "payload": {"word": params["word"]}}
        send_websocket_update("updates", "update", update)
        return {"status": "ok"}

    def read(self, params, context):
        file = context["files"]["document"]
        return {"type": type(file).__mro__[1].__name__, "name": file.name, "size": file.size, "text": file.read().decode()}
