"""What is wrong, where, and what to do about it."""

import difflib
from dataclasses import asdict, dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """`plugin.py:14: error: ui.layout.children[1].source: there is no data source 'rowz'. Did you mean 'rows'?`"""

    level: str
    file: str
    line: int | None
    path: str
    text: str
    remedy: str

    def __str__(self):
        where = f"{self.file}:{self.line}" if self.line else self.file
        said = f"{self.path}: {self.text}" if self.path else self.text
        return f"{where}: {self.level}: {said} {self.remedy}".rstrip()

    def as_json(self):
        """The same for programs."""
        return asdict(self)


class Findings:
    """All of them, in the order in which a reader meets them."""

    def __init__(self):
        self._found = []

    def add(self, level, place, text, remedy=""):
        """`place` is a `Place`, or the name of a file."""
        if isinstance(place, str):
            place = Place(place, {})
        finding = Finding(level, place.file, place.line, place.text, text, remedy)
        if finding not in self._found:
            self._found.append(finding)

    def error(self, place, text, remedy=""):
        """Something that does not work."""
        self.add(ERROR, place, text, remedy)

    def warn(self, place, text, remedy=""):
        """Something that is ignored, or works here and not as meant."""
        self.add(WARNING, place, text, remedy)

    def sorted(self):
        """By file and line."""
        return sorted(self._found, key=lambda one: (one.file, one.line or 0))


@dataclass(frozen=True)
class Place:
    """A value within a file: `ui.pages[2].route`, and its line if that is known."""

    file: str
    lines: dict
    path: tuple = ()

    def __truediv__(self, step):
        return Place(self.file, self.lines, (*self.path, step))

    @property
    def line(self):
        """The line of the value, or of what it is in."""
        path = self.path
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)

    @property
    def text(self):
        """The path as people write it."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return "".join(steps).removeprefix(".")


def near(wrong, known, what="Known are"):
    """`Did you mean 'rows'?`, or the names there are."""
    known = sorted(map(str, known))
    found = difflib.get_close_matches(str(wrong), known, n=1, cutoff=0.6)
    if found:
        return f"Did you mean {found[0]!r}?"
    return f"{what} {', '.join(known[:40])}." if known else "There are none."
