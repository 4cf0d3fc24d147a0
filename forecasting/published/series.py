"""Which series there are, and one published forecast of a series as values. No store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from forecasting.volume.history import Floats

ALL: Final = ""  # a series over all queues, or all channels
CONTACTS, HANDED, ORDERS, CASES = "contacts", "handed", "orders", "cases"
MEASURES: Final = (CONTACTS, HANDED, ORDERS, CASES)
MEAN, BASELINE, PLAIN = "mean", "baseline", "plain"
LEVELS: Final = (80, 95)
BAND_COLUMNS: Final = tuple(f"{side}-{level}" for level in LEVELS for side in ("lo", "hi"))
COLUMNS: Final = (MEAN, *BAND_COLUMNS, BASELINE)

TOO_SHORT, SILENT, FILLING, FAILED = "too_short", "silent", "filling", "failed"

Slots = npt.NDArray[np.int64]  # quarter hours since 1970 UTC


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """What is counted, where: contacts (opened), handed (to people), orders (placed), cases
    (opened). Orders and cases know no queue."""

    measure: str
    queue: str = ALL
    channel: str = ALL

    def holds(self, other: SeriesKey) -> bool:
        """Whether the other's counts are part of this one's, or are the same."""
        return (
            self.measure == other.measure
            and self.queue in (ALL, other.queue)
            and self.channel in (ALL, other.channel)
        )


@dataclass(frozen=True, slots=True)
class Published:
    """One forecast of a series. `values` has COLUMNS (and PLAIN where overrides changed it), each
    as long as `slots`, which are where steps of `step_s` seconds start.

    Without a forecast `model` is None, `why` says why, and there are no slots. `updated_at`: when
    the rest of today was last forecast anew.
    """

    id: int
    key: SeriesKey
    kind: str
    cutoff: datetime
    made_at: datetime
    model: str | None
    why: str | None
    step_s: int
    slots: Slots
    values: Mapping[str, Floats]
    weights: tuple[tuple[str, float], ...] = ()
    origins: int = 0
    days: int = 0
    notes: tuple[str, ...] = ()
    updated_at: datetime | None = None

    def between(self, first: int, end: int) -> Published:
        """The steps that start in [first, end), in quarter hours."""
        keep = (self.slots >= first) & (self.slots < end)
        return self.only(keep)

    def only(self, keep: npt.NDArray[np.bool_]) -> Published:
        values = {name: column[keep] for name, column in self.values.items()}
        return replace(self, slots=self.slots[keep], values=values)

    def updated(self, newer: Published) -> Published:
        """With the newer one's values where it has any: its rest of today."""
        where = np.searchsorted(self.slots, newer.slots)
        inside = where < len(self.slots)
        inside[inside] = self.slots[where[inside]] == newer.slots[inside]
        values = {}
        for name, column in self.values.items():
            values[name] = column.copy()
            if name in newer.values:
                values[name][where[inside]] = newer.values[name][inside]
        return replace(self, values=values, updated_at=newer.made_at)
