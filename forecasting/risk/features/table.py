"""All features of a row of orders at an instant: which there are, and how they are put together."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import Ints
from forecasting.risk.features.basket import basket
from forecasting.risk.features.history import History
from forecasting.risk.features.progress import Contacts, progress
from forecasting.risk.labels import Verdicts

CATEGORIES = ("category", "region", "seller_region", "payment", "promo")

AFTER_PURCHASE = ("paid", "shipped", "delivered", "pay_days", "handling_days", "over_limit_days",
                  "transit_days", "elapsed_days", "early_days", "left_days", "elapsed_share",
                  "handling_over", "transit_over", "elapsed_over",
                  "moment_weekday")  # fmt: skip


def columns_of(moment: str, names: list[str]) -> list[str]:
    """The columns a model of this moment may use: at the purchase nothing has happened yet."""
    return [name for name in names if moment != "order" or name not in AFTER_PURCHASE]


class Features:
    """Facts prepared for questions; columns depend on nothing later than the instant asked for."""

    def __init__(self, facts: Facts, told: Verdicts, zone: ZoneInfo) -> None:
        self.facts, self.told, self.zone = facts, told, zone
        self.history = History(facts, told)
        self.contacts = Contacts(facts)

    def at(self, rows: Ints, at: Ints) -> pd.DataFrame:
        """One line per row of orders: numbers as float64, CATEGORIES as categories."""
        columns = {
            **basket(self.facts, rows, self.zone),
            **self.history.columns(rows, at),
            **progress(self.facts, rows, at),
            **self.contacts.columns(rows, at),
        }
        columns["price_level"] = np.log(np.maximum(columns["item_price"], 0.01)) - columns.pop(
            "category_price"
        )
        columns["planned_slack"] = columns["promised_days"] - columns["route_days"]
        columns["handling_over"] = columns["handling_days"] - columns["seller_handling"]
        columns["transit_over"] = columns["transit_days"] - columns["route_transit"]
        columns["elapsed_over"] = columns["elapsed_days"] - columns["route_days"]
        local = pd.DatetimeIndex(at.astype("datetime64[us]"), tz="UTC").tz_convert(self.zone)
        columns["moment_weekday"] = local.day_of_week.to_numpy(np.float64)
        frame = pd.DataFrame(columns)
        for name in CATEGORIES:
            frame[name] = self.facts.orders[name].iloc[rows].reset_index(drop=True)
        return frame
