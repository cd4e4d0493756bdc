"""Rows T2 and T3: gaps and folds of local clocks, month ends and leap days, against a search through every minute."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ..scene import Scene
from ..verdict import Bars
from . import case

#: A zone, and days just before its clocks change.
CHANGES = [
    ("Europe/Berlin", date(2027, 3, 27)), ("Europe/Berlin", date(2027, 10, 30)),
    ("America/New_York", date(2027, 3, 13)), ("America/New_York", date(2027, 11, 6)),
    ("Australia/Lord_Howe", date(2027, 4, 3)), ("Australia/Lord_Howe", date(2027, 10, 2)),
    ("Africa/Casablanca", date(2027, 2, 6)), ("Africa/Casablanca", date(2027, 3, 13)),
]  # fmt: skip
#: Hour and minute, around the hours at which these clocks change.
TIMES = [(1, 15), (1, 45), (2, 0), (2, 15), (2, 30), (2, 45), (3, 0), (3, 15)]
#: Minute, hour, day of month, month, day of week (0 is Sunday), and what that means.
RULES = [
    ("0 0 31 * *", lambda day: day.day == 31), ("0 0 29 2 *", lambda day: (day.month, day.day) == (2, 29)),
    ("0 0 30 * *", lambda day: day.day == 30), ("0 0 1 1 *", lambda day: (day.month, day.day) == (1, 1)),
    ("0 0 * * 0", lambda day: day.isoweekday() == 7), ("0 0 * * 1", lambda day: day.isoweekday() == 1),
    ("0 0 13 * 5", lambda day: day.day == 13 and day.isoweekday() == 5),
    ("0 0 28-31 12 *", lambda day: day.month == 12 and day.day >= 28),
]  # fmt: skip


def firings(scene: Scene, rule: str, zone: str, after: date, count: int) -> list[datetime]:
    """What the beat's own preview says."""
    made = subprocess.run(
        [scene.settings.skirret, "schedules", "next", "--cron", rule, "--zone", zone, "--after", after.isoformat(),
         "--count", str(count), "--json"], capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert made.returncode == 0, f"skirret schedules next --cron '{rule}' --zone {zone}: {made.stderr[-300:]}"
    return [datetime.fromisoformat(json.loads(line)["at"]) for line in made.stdout.splitlines()]


def instants(zone: ZoneInfo, day: date) -> list[tuple[datetime, datetime]]:
    """Every minute of a day and a bit: the instant, and what the clock on the wall shows then."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    minutes = (first + timedelta(minutes=number) for number in range(54 * 60))
    return [(at, at.astimezone(zone).replace(tzinfo=None)) for at in minutes]


def expected(zone: ZoneInfo, day: date, hour: int, minute: int) -> datetime:
    """The first instant that shows this time, or, where none does, the first one that shows a later time."""
    wanted = datetime(day.year, day.month, day.day, hour, minute)
    shown = instants(zone, day)
    exact = next((at for at, wall in shown if wall == wanted), None)
    return exact or next(at for at, wall in shown if wall > wanted and wall.date() == day)


@case("T2", "gaps and folds of local clocks", seconds=10)
def gaps_and_folds(scene: Scene) -> Bars:
    scene.start_redis()
    checked = 0
    for name, first in CHANGES:
        for hour, minute in TIMES:
            found = firings(scene, f"{minute} {hour} * * *", name, first, 3)
            wanted = [expected(ZoneInfo(name), first + timedelta(days=n), hour, minute) for n in range(3)]
            checked += 3
            scene.check(found == wanted, f"{hour:02}:{minute:02} in {name} from {first}: {found}, expected {wanted}")
    scene.notes.append(f"{checked} instants, each as a search through every minute says")
    return Bars(accepted=0, needs_recovery=False)


@case("T3", "month ends, leap days, weeks, the turn of the year", seconds=5)
def calendars(scene: Scene) -> Bars:
    """Every day from 2020 to 2040."""
    scene.start_redis()
    length = (date(2041, 1, 1) - date(2020, 1, 1)).days
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(length)]
    checked = 0
    for rule, matches in RULES:
        wanted = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days if matches(day)]
        found = firings(scene, rule, "UTC", date(2019, 12, 31), len(wanted) + 1)
        found = [at for at in found if at >= wanted[0]][: len(wanted)]
        checked += len(wanted)
        wrong = [(at, right) for at, right in zip(found, wanted, strict=False) if at != right][:1]
        scene.check(found == wanted, f"'{rule}': {len(found)} of {len(wanted)} firings, the first wrong one {wrong}")
    scene.notes.append(f"{checked} firings of {len(RULES)} rules, each as a search through every day says")
    return Bars(accepted=0, needs_recovery=False)
