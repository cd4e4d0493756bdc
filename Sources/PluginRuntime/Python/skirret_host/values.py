"""What goes into a plugin's call and what comes out of it, in the shapes plugins rely on."""

import json
import traceback
from collections.abc import Mapping


def as_params(params):
    """A dict from whatever a client sent: an object, a form, pairs, JSON text, or one plain value."""
    if params is None:
        return {}
    if isinstance(params, str):
        try:
            decoded = json.loads(params)
        except ValueError:
            return {"value": params}
        return as_params(decoded) if isinstance(decoded, (dict, list)) else {"value": decoded}
    if isinstance(params, Mapping):
        return params.dict() if hasattr(params, "dict") else dict(params)
    if isinstance(params, (list, tuple)) and all(isinstance(one, (list, tuple)) and len(one) == 2 for one in params):
        return {str(name): value for name, value in params}
    return {"value": params}


def as_result(value):
    """A dict, as the run route promises; anything else is wrapped."""
    return value if isinstance(value, dict) else {"status": "ok", "result": value}


def error_as_json(error):
    """An exception as an error frame carries it."""
    text = "".join(traceback.format_exception(error))
    return {
        "type": type(error).__name__,
        "module": type(error).__module__,
        "message": clean(_message(error)),
        "args": [_argument(arg) for arg in error.args[:20]],
        "traceback": clean(text if len(text) <= 65536 else text[:16384] + "\n  …\n" + text[-49152:]),
    }


def _argument(value):
    return value if isinstance(value, (bool, int, type(None))) else clean(str(value)[:4096])


def clean(text):
    """`text` without what UTF-8 cannot carry."""
    return text.encode("utf-8", "backslashreplace").decode()


def _message(error):
    try:
        return str(error)[:16384]
    except Exception as broken:  # an exception whose __str__ fails must still be reported
        return f"<{type(error).__name__}, and its text cannot be read: {broken!r}>"
