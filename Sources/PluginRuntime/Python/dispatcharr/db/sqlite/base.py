"""`__contains` minds case, and `__icontains` knows letters beyond ASCII.

SQLite's LIKE does neither: `name__startswith="UK"` would find "Ukraine" too, and a plugin that deletes what it
finds would delete it. So the lookups that mind case use the operator MATCH, which SQLite leaves to its users, and
LIKE with an ESCAPE, as Django writes it, is a function of ours. LIKE in a plugin's own SQL stays SQLite's.
"""

import functools
import re

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection with both functions."""

    operators = base.DatabaseWrapper.operators | dict.fromkeys(("contains", "startswith", "endswith"), "MATCH %s")
    pattern_ops = base.DatabaseWrapper.pattern_ops | {
        "contains": "MATCH '%%' || {} || '%%'",
        "startswith": "MATCH {} || '%%'",
        "endswith": "MATCH '%%' || {}",
        # Django's have UPPER around the pattern, which would undo `ß` and knows only ASCII.
        "icontains": r"LIKE '%%' || {} || '%%' ESCAPE '\'",
        "istartswith": r"LIKE {} || '%%' ESCAPE '\'",
        "iendswith": r"LIKE '%%' || {} ESCAPE '\'",
    }

    def get_new_connection(self, conn_params):
        """A connection of Python's sqlite3."""
        connection = super().get_new_connection(conn_params)
        connection.create_function("match", 2, _matches, deterministic=True)
        connection.create_function("like", 3, _is_like, deterministic=True)
        return connection


def _matches(pattern, text):
    if pattern is None or text is None:
        return None
    return _test(str(pattern), "\\", False)(str(text))


def _is_like(pattern, text, escape):
    if pattern is None or text is None or escape is None:
        return None
    return _test(str(pattern), escape, True)(str(text))


@functools.lru_cache(maxsize=256)
def _test(pattern, escape, fold):
    """What decides whether a text is like `pattern`: quick for `%word%` and its like."""
    parts = _parts(pattern.casefold() if fold else pattern, escape)
    wild = [part for part in parts if not isinstance(part, str)]
    word = "".join(part for part in parts if isinstance(part, str))
    if wild and (any(part is ANY_ONE for part in wild) or parts[1:-1].count(ANY)):
        pieces = ((".*" if part is ANY else "." if part is ANY_ONE else re.escape(part)) for part in parts)
        found = re.compile("".join(pieces), re.DOTALL).fullmatch
    elif not wild:
        found = word.__eq__
    elif len(wild) == 2 or parts == [ANY]:
        found = functools.partial(_holds, word)
    elif parts[0] is ANY:
        found = functools.partial(_ends, word)
    else:
        found = functools.partial(_begins, word)
    return (lambda text: bool(found(text.casefold()))) if fold else (lambda text: bool(found(text)))


ANY, ANY_ONE = object(), object()


def _parts(pattern, escape):
    """Words, `ANY` and `ANY_ONE`, with the escapes taken out."""
    parts, word, index = [], [], 0
    while index < len(pattern):
        char = pattern[index]
        if char == escape and index + 1 < len(pattern):
            index += 1
            word.append(pattern[index])
        elif char in "%_":
            parts += ["".join(word)] if word else []
            word = []
            # `%%` is one of them, as in `%` + a word that is empty + `%`.
            if not (char == "%" and parts and parts[-1] is ANY):
                parts.append(ANY if char == "%" else ANY_ONE)
        else:
            word.append(char)
        index += 1
    return [*parts, "".join(word)] if word else parts


def _holds(word, text):
    return word in text


def _begins(word, text):
    return text.startswith(word)


def _ends(word, text):
    return text.endswith(word)
