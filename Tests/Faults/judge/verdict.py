"""The bars, and who is off them. Pure: a doctored ledger must be found out (see sabotage.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field

from .ledger import Ledger

#: A worker's `mostCrashes`: after so many deaths of its workers a message is dead.
MOST_DEATHS = 3


@dataclass(frozen=True)
class Bars:
    """What a case allows. Lost tasks and double completions are never allowed, so they have no bar."""

    #: Starts beyond one, and one more for each end of an owner; None where the case cannot say.
    double_starts: int | None = 0
    #: The longest recovery, in seconds; None where the case has none.
    recovery: float | None = None
    #: At least one recovery must have been seen, or the fault hit nothing.
    needs_recovery: bool = True
    #: How many tasks must end in the dead letters, exactly.
    dead: int = 0
    #: At least so many writes must have been refused.
    refused: int = 0
    #: At least so many tasks must have been accepted, or the case showed nothing.
    accepted: int = 1
    #: Which final states count as done.
    done: tuple[str, ...] = ("SUCCESS",)
    #: Whether claims, leases and schedules must be gone when all is quiet.
    is_clean: bool = True


@dataclass
class Verdict:
    """One line of the table."""

    case: str
    seed: int
    accepted: int = 0
    done: int = 0
    dead: int = 0
    lost: int = 0
    double_starts: int = 0
    double_completions: int = 0
    refused: int = 0
    recovery: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str = ""
    seconds: float = 0

    @property
    def word(self) -> str:
        return "SKIPPED" if self.skipped else "FAIL" if self.faults else "PASS"

    @property
    def percentiles(self) -> str:
        """p50/p99/max of the recovery in seconds."""
        if not self.recovery:
            return "-"
        times = sorted(self.recovery)
        return "/".join(f"{times[min(len(times) - 1, int(part * len(times)))]:.1f}" for part in (0.5, 0.99, 1))

    @property
    def line(self) -> str:
        if self.skipped:
            return f"SKIPPED {self.case} seed={self.seed}: {self.skipped}"
        counts = (
            f"accepted={self.accepted} done={self.done} dead={self.dead} lost={self.lost} "
            f"double_starts={self.double_starts} double_completions={self.double_completions} refused={self.refused} "
            f"recovery={self.percentiles}"
        )
        text = f"{self.word} {self.case} seed={self.seed} {counts} ({self.seconds:.0f} s)"
        for note in self.notes:
            text += f"\n     {note}"
        for fault in self.faults:
            text += f"\n  ✗  {fault}"
        return text

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def some(ids: set[str] | list[str]) -> str:
    """A few of many, for a message."""
    listed = sorted(ids)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")


def judge(ledger: Ledger, bars: Bars, case: str = "", seed: int = 0) -> Verdict:
    """Counts, and compares with the bars."""
    verdict = Verdict(case, seed, accepted=len(ledger.accepted), refused=ledger.refused)
    promised = set(ledger.accepted) - ledger.erased
    done = {task for task in promised if ledger.results.get(task) in bars.done}
    dead = {task for task in promised if task in ledger.dead}
    left = {task for task in promised if task in ledger.left} - done - dead
    failed = {task for task in promised if task in ledger.results} - done - dead
    lost = promised - done - dead - left - failed
    verdict.done, verdict.dead, verdict.lost = len(done), len(dead), len(lost)
    say = verdict.faults.append
    deaths = ledger.owner_deaths()

    if len(ledger.accepted) < bars.accepted:
        say(f"only {len(ledger.accepted)} tasks were accepted, {bars.accepted} are needed to show anything")
    if lost:
        say(f"lost: {some(lost)}")
    if left:
        say(f"not over when the scene was: {some([f'{task} ({ledger.left[task]})' for task in left])}")
    if failed:
        states = Counter(ledger.results[task] for task in failed)
        say(f"ended otherwise: {dict(states)}, such as {some(failed)}")
    # Who dies with three workers in a row is taken for their murderer, also where all the killing is ours.
    given_up = {task for task in dead if deaths.get(task, 0) >= MOST_DEATHS}
    if len(dead) != bars.dead and (bars.dead or dead - given_up):
        say(f"{len(dead)} in the dead letters, expected {bars.dead}: {some(dead)}")
    elif given_up and not bars.dead:
        verdict.notes.append(f"{len(given_up)} were with {MOST_DEATHS} workers that were killed, and were given up")
    if bars.is_clean and ledger.leftovers:
        say("left in Redis: " + ", ".join(f"{key} ({size})" for key, size in sorted(ledger.leftovers.items())))

    starts = Counter(start.task for start in ledger.starts)
    extra = {task: count - 1 - deaths.get(task, 0) for task, count in starts.items()}
    doubled = {task: count for task, count in extra.items() if count > 0}
    verdict.double_starts = sum(doubled.values())
    if bars.double_starts is not None and verdict.double_starts > bars.double_starts:
        say(f"started more often than its owners died: {some(list(doubled))}")
    again = {task: count - 1 for task, count in ledger.completions.items() if count > 1}
    verdict.double_completions = sum(again.values())
    if again:
        say(f"completed more than once: {some(list(again))}")

    if ledger.refused < bars.refused:
        say(f"{ledger.refused} writes were refused, at least {bars.refused} were to be")
    verdict.recovery = ledger.recoveries()
    if bars.recovery is not None:
        if not verdict.recovery and bars.needs_recovery:
            say("nothing recovered: the fault hit nothing")
        elif verdict.recovery and verdict.recovery[-1] > bars.recovery:
            say(f"recovery took {verdict.recovery[-1]:.1f} s, at most {bars.recovery:g} s are allowed")
    return verdict
