"""The judge judged: a balanced ledger passes, and no doctored one does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

from .ledger import Death, Ledger, Start
from .verdict import MOST_DEATHS, Bars, judge

Doctor = Callable[[Ledger], None]


def balanced() -> Ledger:
    """Three tasks: one done at once, one whose owner died, one dead."""
    return Ledger(
        accepted={"a": 0.0, "b": 0.1, "c": 0.2},
        starts=[
            Start("a", "w1", 1, 1.0, 1.5), Start("b", "w1", 1, 1.0, None), Start("b", "w2", 2, 13.0, 14.0),
        ],
        deaths=[Death(frozenset({1}), 3.0, frozenset({"b"}))],
        results={"a": "SUCCESS", "b": "SUCCESS", "c": "FAILURE"},
        completions={"a": 1, "b": 1, "c": 1}, dead={"c"}, refused=1,
    )  # fmt: skip


BARS = Bars(recovery=15, dead=1, refused=1, accepted=3)


def _lose(books: Ledger) -> None:
    del books.results["a"]


def _hold(books: Ledger) -> None:
    del books.results["a"]
    books.left["a"] = "claimed"


def _fail(books: Ledger) -> None:
    books.results["a"] = "FAILURE"


def _bury(books: Ledger) -> None:
    del books.results["a"]
    books.dead.add("a")


def _start_again(books: Ledger) -> None:
    books.starts.append(Start("a", "w2", 2, 5.0, 6.0))


def _start_beside(books: Ledger) -> None:
    # Beyond what one death of its owner excuses.
    books.starts.append(Start("b", "w3", 3, 13.1, 14.0))


def _complete_again(books: Ledger) -> None:
    books.completions["b"] = 2


def _recover_late(books: Ledger) -> None:
    books.starts[-1] = replace(books.starts[-1], at=18.5)


def _recover_nothing(books: Ledger) -> None:
    books.deaths.clear()
    books.starts.pop()


def _write_unrefused(books: Ledger) -> None:
    books.refused = 0


def _leave_books(books: Ledger) -> None:
    books.leftovers["unacked"] = 1


def _accept_little(books: Ledger) -> None:
    del books.accepted["b"]


def _excuse_by_a_late_death(books: Ledger) -> None:
    # Its owner died long after the end of the run: no reason to run again.
    books.deaths.append(Death(frozenset({1}), 60.0))
    books.starts.append(Start("a", "w2", 2, 61.0, 62.0))


DOCTORS: list[Doctor] = [
    _lose, _hold, _fail, _bury, _start_again, _start_beside, _complete_again, _recover_late, _recover_nothing,
    _write_unrefused, _leave_books, _accept_little, _excuse_by_a_late_death,
]  # fmt: skip


def count() -> int:
    return len(DOCTORS)


def faults() -> list[str]:
    """What the verdict did not find out, or blamed on honest books."""
    found = [f"FAIL sabotage: honest books were refused: {fault}" for fault in judge(balanced(), BARS).faults]
    for doctor in DOCTORS:
        books = balanced()
        doctor(books)
        if not judge(books, BARS).faults:
            found.append(f"FAIL sabotage: {doctor.__name__.strip('_')} was not found out")
    for deaths, is_fair in [(MOST_DEATHS - 1, False), (MOST_DEATHS, True)]:
        books = balanced()
        books.deaths += [Death(frozenset(), 2.0, frozenset({"c"}), is_timed=False)] * deaths
        if (not judge(books, replace(BARS, dead=0)).faults) != is_fair:
            found.append(f"FAIL sabotage: a task given up after {deaths} deaths was judged wrongly")
    return found


def blind_spots(books: Ledger, bars: Bars) -> list[str]:
    """Doctors the real books of a case that passed; gives what its bars then fail to see.

    A case whose bars let a lost task, a second completion or an unexcused start pass could not have failed.
    """
    promised = sorted(set(books.accepted) - books.erased - books.dead)
    if not promised:
        return []
    task, found = promised[0], []

    def doctored(what: str, change: Doctor) -> None:
        wrong = copy.deepcopy(books)
        change(wrong)
        if not judge(wrong, bars).faults:
            found.append(f"this case cannot fail: {what} would pass")

    doctored("a lost task", lambda wrong: wrong.results.pop(task, None))
    doctored("a second completion", lambda wrong: wrong.completions.update({task: 2}))
    if bars.double_starts is not None:
        late = max((start.at for start in books.starts), default=0) + 1000
        more = [Start(task, "x", -1, late + n, late + n) for n in range(len(books.deaths) + bars.double_starts + 2)]
        doctored("a start that no death excuses", lambda wrong: wrong.starts.extend(more))
    if bars.recovery is not None:
        doctored("a slow recovery", lambda wrong: wrong.resumed.append(bars.recovery + 1))
    return found


def main() -> int:
    found = faults()
    print("\n".join(found) or f"honest books pass, {count()} doctored ones do not")
    print(f"{count() + 1 - len(found)} passed, {len(found)} failed")
    return 1 if found else 0
