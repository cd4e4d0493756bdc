"""How Django's cache writes values into Redis."""

import json


class JSONSerializer:
    """JSON instead of Django's pickle: whoever can write to Redis must not be able to run code here.

    Tuples come back as lists; what JSON cannot carry is refused when it is stored.
    """

    def dumps(self, value):
        """Whole numbers stay bare, so that Redis can count with them."""
        if type(value) is int:
            return value
        try:
            return json.dumps(value, allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            raise TypeError(f"the cache holds JSON values only: {error}") from None

    def loads(self, data):
        """The value that `dumps` wrote."""
        return json.loads(data)
