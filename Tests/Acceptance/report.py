"""One line a check, readings at the end, counts last."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable


class Skip(Exception):
    """The check cannot run here; the text says why."""


class NotYet(Exception):
    """What the check asks for is not built yet; the text says what is missing."""


class Report:
    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self._readings: list[tuple[str, str]] = []

    def check(self, about: Callable[[], None], name: str) -> None:
        began = time.monotonic()
        try:
            about()
        except Skip as reason:
            self.skipped += 1
            print(f"SKIP {name}: {reason}", flush=True)
        except NotYet as reason:
            self.skipped += 1
            print(f"NOT YET {name}: {reason}", flush=True)
        except Exception as error:
            self.failed += 1
            text = str(error) or type(error).__name__
            kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
            line = traceback.extract_tb(sys.exc_info()[2])[-1]
            print(f"FAIL {name}: {kind}{text[:2000]} ({line.filename.rsplit('/', 1)[-1]}:{line.lineno})", flush=True)
        else:
            self.passed += 1
            print(f"PASS {name} ({time.monotonic() - began:.1f}s)", flush=True)

    def reading(self, name: str, value: str) -> None:
        self._readings.append((name, value))

    def close(self) -> int:
        """Prints what was measured and the counts; returns the exit code."""
        if self._readings:
            print("\nReadings, of this machine as busy as it was:")
            width = max(len(name) for name, _ in self._readings)
            for name, value in self._readings:
                print(f"  {name:<{width}}  {value}")
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"\n{self.passed} passed, {self.failed} failed{skipped}", flush=True)
        return 1 if self.failed else 0
