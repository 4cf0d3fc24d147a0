"""The candidates by name: adding one is a line here."""

from __future__ import annotations

from collections.abc import Mapping

from forecasting.volume.grid import DayGrid
from forecasting.volume.models.boosting import SlotBoosting
from forecasting.volume.models.forecaster import Forecaster
from forecasting.volume.models.prophet_level import ProphetTopDown
from forecasting.volume.models.same_slot import SameSlot, last, mean, median
from forecasting.volume.models.top_down import EventSameSlot, StructuralTopDown

BASELINE = "same-slot-median"

FAST: Mapping[str, Forecaster] = {
    "weekly-naive": SameSlot(last, 4),
    BASELINE: SameSlot(median, 8),
    "same-slot-mean": SameSlot(mean, 8),
    "event-slot-fading": EventSameSlot(0.05, smooth=True),
    "event-slot-recent": EventSameSlot(0.15),
    "structural-quick": StructuralTopDown(7, fade=0.15),
    "structural-calm": StructuralTopDown(28),
}
LEARNERS: Mapping[str, Forecaster] = {
    "boosting": SlotBoosting(),
    "prophet": ProphetTopDown(),
}
MODELS: Mapping[str, Forecaster] = {**FAST, **LEARNERS}

# What may speak in the combination; the rest is shown beside it and guards it.
MEMBERS = (
    "event-slot-fading", "event-slot-recent", "structural-quick", "structural-calm",
    "boosting", "prophet",
)  # fmt: skip
BOOSTED = 150  # days within which boosting did not gain on the combination without it
YEARS = 700  # days of a daily series within which Prophet did not gain


def suited_models(grid: DayGrid, *, fast: bool) -> tuple[str, ...]:
    """The lookups and structural levels always; the slow ones where they earned their time."""
    names = list(FAST)
    if fast:
        return tuple(names)
    if grid.slots > 1 and grid.days >= BOOSTED:
        names.append("boosting")
    if grid.slots == 1 and grid.days >= YEARS:
        names.append("prophet")
    return tuple(names)
