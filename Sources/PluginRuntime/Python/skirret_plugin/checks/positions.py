"""Values with their lines, of a JSON file and of the literals in a Python class.

A value that is computed is `UNKNOWN`: nothing is said about it, and what stands beside it is still looked at.
"""

import ast
import json


class _Unknown:
    def __repr__(self):
        return "…"


UNKNOWN = _Unknown()


def lines_of(node, path=()):
    """{path: line} of everything in a literal."""
    lines = {path: node.lineno}
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant):
                lines |= lines_of(value, (*path, key.value))
                lines[(*path, key.value)] = key.lineno
    elif isinstance(node, (ast.List, ast.Tuple)):
        for index, value in enumerate(node.elts):
            lines |= lines_of(value, (*path, index))
    return lines


def value_of(node, constants):
    """What a literal means; `UNKNOWN` in place of what only running it would tell."""
    if isinstance(node, ast.Name) and node.id in constants:
        return value_of(constants[node.id], {})
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        if any(not isinstance(key, ast.Constant) for key in node.keys):
            return UNKNOWN  # `**other`, or a computed key: what is not seen may be anything
        return {key.value: value_of(value, constants) for key, value in pairs}
    if isinstance(node, (ast.List, ast.Tuple)):
        if any(isinstance(item, ast.Starred) for item in node.elts):
            return UNKNOWN
        return [value_of(item, constants) for item in node.elts]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return UNKNOWN


def read_json(text):
    """(value, {path: line}); ValueError with the line when it is no JSON."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(error.lineno, f"{error.msg} (column {error.colno})") from None
    try:
        # JSON is written as Python writes literals, but for three names: good enough for its lines.
        return value, lines_of(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return value, {}
