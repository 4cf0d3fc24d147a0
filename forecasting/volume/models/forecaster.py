"""The protocol of candidate models.

A model learns once per series (structure, variances, trees) and forecasts from any later day
with what it learned, so that a back-test costs one training and leaks nothing: it learns before
the first origin.
"""

from __future__ import annotations

from typing import Protocol

from forecasting.volume.grid import DayGrid
from forecasting.volume.history import Floats


class Learned(Protocol):
    """What a model took from a past; usable from that past's end onwards."""

    def forecast(self, past: DayGrid) -> Floats:
        """Counts (past.ahead, slots) as if every slot were open; finite and ≥ 0."""
        ...


class Forecaster(Protocol):
    """A kind of model."""

    @property
    def fewest_days(self) -> int:
        """Days of history below which the model has nothing to learn from."""
        ...

    @property
    def origins(self) -> int:
        """The newest origins of a back-test that it takes part in: fewer when it is slow."""
        ...

    @property
    def learns_once(self) -> bool:
        """What it learned before the back-test serves the forecast too."""
        ...

    def learn(self, past: DayGrid) -> Learned: ...
