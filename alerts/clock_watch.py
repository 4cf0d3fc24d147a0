"""Whether time went on as usual between two looks: the clock was not set, the process not still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# Corrections of a time service are smaller, or slewed.
SMALLEST_JUMP = timedelta(seconds=5)
LONGEST_STILL_S = 3.0


@dataclass(frozen=True, slots=True)
class Jump:
    """`by`: how far the clock was set, negative for back. `still_s`: longer than expected."""

    by: timedelta
    still_s: float

    @property
    def set_back(self) -> bool:
        return self.by <= -SMALLEST_JUMP


class ClockWatch:
    """Compares the clock on the wall with one that nobody can set (`steady`, seconds)."""

    def __init__(self, wall: datetime, steady: float) -> None:
        self._wall, self._steady = wall, steady

    def look(self, wall: datetime, steady: float, *, expected_s: float) -> Jump | None:
        """A jump since the last look, or None. A suspended machine looks like a clock set ahead."""
        passed = steady - self._steady
        by = (wall - self._wall) - timedelta(seconds=passed)
        self._wall, self._steady = wall, steady
        still = passed - expected_s
        if abs(by) < SMALLEST_JUMP and still < LONGEST_STILL_S:
            return None
        return Jump(by if abs(by) >= SMALLEST_JUMP else timedelta(0), max(0.0, still))
