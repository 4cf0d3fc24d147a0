"""What the order itself says at its purchase: basket, promise, route, payment, local time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import DAY, NEVER, Floats, Ints


def basket(facts: Facts, rows: Ints, zone: ZoneInfo) -> dict[str, Floats]:
    """Columns about the purchase itself; NaN where the source doesn't tell."""
    orders = facts.orders
    number = {
        name: orders[name].to_numpy(np.float64)[rows]
        for name in ("amount", "discount", "freight", "items", "sellers")
    }
    placed = facts.instants("placed_at")[rows]
    promised = days_between(placed, facts.instants("promised_at")[rows])
    goods = number["amount"] - np.nan_to_num(number["freight"])
    local = pd.DatetimeIndex(placed.astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    return {
        "items": number["items"],
        "sellers": number["sellers"],
        "amount": number["amount"],
        "item_price": goods / number["items"],
        "freight": number["freight"],
        "freight_share": number["freight"] / number["amount"],
        "item_freight": number["freight"] / number["items"],
        "discount_share": number["discount"] / (number["amount"] + number["discount"]),
        "promised_days": promised,
        "ship_limit_days": days_between(placed, facts.instants("promised_ship_at")[rows]),
        "same_region": _same(facts, rows),
        "hour": local.hour.to_numpy(np.float64),
        "weekday": local.day_of_week.to_numpy(np.float64),
    }


def days_between(start: Ints, end: Ints) -> Floats:
    """Days from start to end; NaN where either has not happened."""
    there = (start < NEVER) & (end < NEVER)
    return np.where(there, np.where(there, end - start, 0) / DAY, np.nan)


def _same(facts: Facts, rows: Ints) -> Floats:
    left, right = (facts.orders[name].cat for name in ("seller_region", "region"))
    into = np.append(left.categories.get_indexer(right.categories), -1)  # in the seller's words
    here, there = facts.codes("seller_region")[rows], into[facts.codes("region")[rows]]
    unknown = (here < 0) | (facts.codes("region")[rows] < 0)
    return np.where(unknown, np.nan, (here == there).astype(np.float64))
