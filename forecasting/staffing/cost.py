"""What staff costs: paid hours and money; no currency is known here."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from forecasting.staffing.errors import BadRules
from forecasting.staffing.needs import ABANDONMENT, AGENTS, SCHEDULED


@dataclass(frozen=True, slots=True)
class Prices:
    """Money per paid hour, and per contact that leaves unanswered (a lost sale)."""

    per_hour: float
    per_abandoned: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.per_hour < float("inf") and 0 <= self.per_abandoned < float("inf")):
            raise BadRules("prices must be 0 or more; give money per hour and per lost contact")


@dataclass(frozen=True, slots=True)
class Cost:
    """Sums over all slots. seat_hours: on seat; paid_hours: with shrinkage.

    per_contact: None without contacts.
    """

    seat_hours: float
    paid_hours: float
    staff: float
    abandoned: float
    lost: float
    per_contact: float | None

    @property
    def total(self) -> float:
        return self.staff + self.lost


def cost(volume: pd.DataFrame, needs: pd.DataFrame, prices: Prices, *, step_s: float) -> Cost:
    """Cost of `needs` (from `staff` or `service`) for the volume, row by row in the same order."""
    hours = step_s / 3600
    seat, paid = float(needs[AGENTS].sum()) * hours, float(needs[SCHEDULED].sum()) * hours
    contacts = volume["y"].to_numpy(dtype=float)
    left = float((contacts * needs[ABANDONMENT].to_numpy()).sum())
    staff, lost = paid * prices.per_hour, left * prices.per_abandoned
    offered = float(contacts.sum())
    return Cost(seat, paid, staff, left, lost, (staff + lost) / offered if offered > 0 else None)
