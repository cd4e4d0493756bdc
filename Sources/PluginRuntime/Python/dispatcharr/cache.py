"""How Django's cache writes values into Redis."""

import base64
import datetime
import decimal
import json
import math
import uuid

#: The only key of an object that stands for a value which JSON has no word for: {TAG: [what it is, as text or a list]}.
TAG = "__skirret__"

#: How values are written that JSON cannot carry, and read again. Nothing here runs code of the writer's choice.
WRITERS = {
    bytes: lambda value: base64.b64encode(value).decode(),
    datetime.datetime: datetime.datetime.isoformat,
    datetime.date: datetime.date.isoformat,
    datetime.time: datetime.time.isoformat,
    datetime.timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    decimal.Decimal: str,
    uuid.UUID: str,
}
READERS = {
    "bytes": base64.b64decode,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda parts: datetime.timedelta(*parts),
    "Decimal": decimal.Decimal,
    "UUID": uuid.UUID,
    "float": float,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict,
}


class JSONSerializer:
    """JSON instead of Django's pickle: whoever can write to Redis must not be able to run code here.

    Dates, sets, tuples, bytes and their kin come back as they were; objects of classes are refused.
    """

    def dumps(self, value):
        """Whole numbers stay bare, so that Redis can count with them."""
        if type(value) is int:
            return value
        try:
            return json.dumps(_written(value), allow_nan=False).encode()
        except RecursionError:
            raise TypeError("the cache holds no value that contains itself, or is nested that deep") from None

    def loads(self, data):
        """The value that `dumps` wrote."""
        return json.loads(data, object_hook=_read)


def _written(value):
    kind = type(value)
    if kind in (str, int, bool) or value is None or (kind is float and math.isfinite(value)):
        return value
    if kind is list:
        return [_written(one) for one in value]
    if isinstance(value, dict):
        if all(type(key) is str for key in value) and TAG not in value:
            return {key: _written(one) for key, one in value.items()}
        return {TAG: ["dict", [[_written(key), _written(one)] for key, one in value.items()]]}
    if kind in (tuple, set, frozenset):
        return {TAG: [kind.__name__, [_written(one) for one in value]]}
    if kind is float:
        return {TAG: ["float", str(value)]}
    if kind in WRITERS:
        return {TAG: [kind.__name__, WRITERS[kind](value)]}
    if isinstance(value, (str, int, float)):  # a member of an enum, a text that Django marked as safe
        return json.loads(json.dumps(value))
    raise TypeError(
        f"the cache holds plain values, not a {kind.__name__}: whoever reads it could not tell code from data. "
        "Store its id, or a dict of what is needed."
    )


def _read(found):
    if TAG not in found:
        return found
    kind, value = found[TAG]
    return READERS[kind](value)
