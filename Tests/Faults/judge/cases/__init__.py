"""The cases, by the ids of the fault tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..scene import Scene
from ..verdict import Bars

#: Provokes the fault and waits until things are quiet; gives the bars.
Body = Callable[[Scene], Bars]


@dataclass(frozen=True)
class Case:
    """One row of the fault tables."""

    id: str
    title: str
    body: Body
    #: How many seeds a full run takes; a short run takes one.
    seeds: int = 1
    #: Measures what neighbours would spoil: runs when nothing else does.
    is_alone: bool = False
    #: Roughly how long the short run takes, so that the long ones begin first.
    seconds: int = 20


CASES: dict[str, Case] = {}


def case(id: str, title: str, *, seeds: int = 1, is_alone: bool = False, seconds: int = 20) -> Callable[[Body], Body]:
    """Puts a function into the table."""

    def add(body: Body) -> Body:
        assert id not in CASES, id
        CASES[id] = Case(id, title, body, seeds, is_alone, seconds)
        return body

    return add
