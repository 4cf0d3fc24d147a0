"""The transparent rule: what anybody could say without a model, and what a model has to beat.

No items: how often such orders ended badly. Late already: how often late ones did. Otherwise, at
the purchase, the seller's own record; later, how often orders did that were not late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.risk.features.asof import Flags, Floats

NO_ITEMS, LATE, SELLER, ON_TIME = "no items", "late already", "seller history", "not late"
NAMES = (NO_ITEMS, LATE, SELLER, ON_TIME)
ASSUMED = {NO_ITEMS: 0.5, LATE: 0.5, ON_TIME: 0.1}  # said to be assumed until orders tell
NEEDED = ("items", "delivered", "left_days", "elapsed_days", "seller_known", "seller_bad")
WEIGHT = 20  # orders that an assumption counts for


@dataclass(frozen=True, slots=True)
class Rule:
    """Shares of complaints among orders with no items, late orders, the others, and all; `told` is
    the number of orders they come from."""

    no_items: float = ASSUMED[NO_ITEMS]
    late: float = ASSUMED[LATE]
    on_time: float = ASSUMED[ON_TIME]
    told: int = 0
    counts_items: bool = True  # the shop tells items at all, so none is remarkable

    def probabilities(self, features: pd.DataFrame) -> tuple[Floats, np.ndarray]:
        """Probability per row, and which rule (a place in NAMES) said so."""
        empty, late = self.no_items_of(features), late_already(features)
        record = features["seller_known"].to_numpy() > 0
        on_its_way = features["elapsed_days"].to_numpy() > 0
        which = np.select([empty, late, record & ~on_its_way], [0, 1, 2], 3)
        seller = np.clip(features["seller_bad"].to_numpy(), 0.001, 0.999)
        values = np.array([self.no_items, self.late, np.nan, self.on_time])[which]
        return np.where(which == NAMES.index(SELLER), seller, values), which

    def no_items_of(self, features: pd.DataFrame) -> Flags:
        """Rows without items, where the shop tells items."""
        empty: Flags = features["items"].isna().to_numpy() & self.counts_items
        return empty


def learn_rule(features: pd.DataFrame, bad: Flags) -> Rule:
    """The shares as they were so far, drawn toward the assumed ones while orders are few."""
    counts_items = bool(features["items"].notna().mean() >= 0.5) if len(features) else True
    empty = features["items"].isna().to_numpy() & counts_items
    late = late_already(features) & ~empty
    shares = [
        (bad[rows].sum() + WEIGHT * ASSUMED[name]) / (rows.sum() + WEIGHT)
        for name, rows in ((NO_ITEMS, empty), (LATE, late), (ON_TIME, ~late & ~empty))
    ]
    empty_share, late_share, on_time_share = map(float, shares)
    return Rule(empty_share, late_share, on_time_share, len(bad), counts_items)


def late_already(features: pd.DataFrame) -> Flags:
    """The promised time has come and the order has not."""
    undelivered = features["delivered"].to_numpy() == 0
    left = features["left_days"].to_numpy()
    late: Flags = undelivered & (left <= 0)
    return late
