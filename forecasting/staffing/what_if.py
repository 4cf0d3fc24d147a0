"""What if: other volumes, handle times, patience, shrinkage, targets; quick as a slider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import pandas as pd

from forecasting.staffing.cost import Cost, Prices, cost
from forecasting.staffing.errors import BadRules
from forecasting.staffing.needs import AGENTS, SCHEDULED, Rules, service, staff
from forecasting.staffing.rules import StaffingRules


@dataclass(frozen=True, slots=True)
class Change:
    """Factors on what is (1: as it is) and replacements (None: as it is)."""

    volume: float = 1.0
    aht: float = 1.0
    patience: float = 1.0
    shrinkage: Fraction | None = None
    share: float | None = None
    within_s: float | None = None

    def __post_init__(self) -> None:
        for name in ("volume", "aht", "patience"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise BadRules(f"a factor on {name} must be 0 or more, for example 1.1")

    def of(self, rules: StaffingRules) -> StaffingRules:
        """The rules after the change; BadRules when they become impossible."""
        patience = None if rules.patience_s is None else rules.patience_s * self.patience
        return replace(
            rules, aht_s=rules.aht_s * self.aht, patience_s=patience,
            share=rules.share if self.share is None else self.share,
            within_s=rules.within_s if self.within_s is None else self.within_s,
            shrinkage=rules.shrinkage if self.shrinkage is None else self.shrinkage,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class WhatIf:
    """needs: staff after the change. kept: the service that the staff of before then gives."""

    needs: pd.DataFrame
    kept: pd.DataFrame
    cost: Cost
    more_agents: int
    more_scheduled: int


def what_if(
    volume: pd.DataFrame,
    rules: Rules,
    change: Change,
    *,
    step_s: float,
    before: pd.DataFrame,
    prices: Prices = Prices(per_hour=0.0),  # noqa: B008 - frozen
) -> WhatIf:
    """Recompute staff; `before` is what `staff` gave for the volume and rules as they are.

    more_agents, more_scheduled: sums over the slots, after minus before.
    """
    changed: Rules
    if isinstance(rules, Mapping):
        known = {one: change.of(one) for one in set(rules.values())}
        changed = {name: known[one] for name, one in rules.items()}
    else:
        changed = change.of(rules)
    moved = volume.assign(y=volume["y"] * change.volume)
    needs = staff(moved, changed, step_s=step_s)
    kept = service(moved, before[AGENTS].to_numpy(), changed, step_s=step_s)
    return WhatIf(
        needs, kept, cost(moved, needs, prices, step_s=step_s),
        int(needs[AGENTS].sum() - before[AGENTS].sum()),
        int(needs[SCHEDULED].sum() - before[SCHEDULED].sum()),
    )  # fmt: skip
