"""The days of a KPI with a rolling window, as they were and as the same weekdays let expect them.

The forecast is plain on purpose: the median of the same weekday's rounds, from the same time of
day on, over the last weeks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time
from statistics import median
from zoneinfo import ZoneInfo

import numpy as np

from metrics.kpi import Kpi
from metrics.pace import DAY, Day, Tally
from metrics.values import Values, slot_of

WEEKS = 4  # whose same weekdays are looked at


@dataclass(frozen=True)
class History:
    """The values of a KPI, by local days of its platform's zone."""

    values: Values
    zone: ZoneInfo
    today: date

    @property
    def kpi(self) -> Kpi:
        return self.values.kpi

    @property
    def known_until(self) -> datetime:
        midnight = datetime.combine(self.today, time(), self.zone)
        return max(self.values.known_until.astimezone(self.zone), midnight)

    def day(self, day: date, *, after: time = time()) -> Tally:
        """A day from a time of day on."""
        since = datetime.combine(day, after, self.zone)
        until = datetime.combine(day + DAY, time(), self.zone)
        columns = self.values.columns
        low, high = np.searchsorted(columns.slots, [slot_of(since), slot_of(until)])
        n = int(high - low)
        hits = 0 if columns.data is None else int(columns.data[low:high].sum())
        return Tally(n, n - hits if self.kpi.better == "lower" else hits)

    def days(self, count: int) -> list[Day]:
        """The last days, today included as far as it is known."""
        days = [self.today - DAY * back for back in range(count - 1, -1, -1)]
        return [Day(one, self.day(one)) for one in days]

    def expected(self, day: date, *, after: time = time()) -> int:
        """Rounds of a day to come, from a time of day on: the median of the same weekdays, as far
        back as there are any rounds at all."""
        if any(first <= day < last for first, last in self.kpi.suspended):
            return 0
        back = (self.today - day).days % 7 or 7
        before = [self.today - DAY * (back + 7 * week) for week in range(WEEKS)]
        begun = [one for one in before if self._begun is not None and one >= self._begun]
        counts = [self.day(one, after=after).n for one in begun]
        return math.floor(median(counts) + 0.5) if counts else 0

    @property
    def _begun(self) -> date | None:
        """The first day with a round."""
        slots = self.values.columns.slots
        if not len(slots):
            return None
        return datetime.fromtimestamp(int(slots[0]) * 900, self.zone).date()
