"""The facts that risks are made of, as frames: one row per order, and what happened to it.

Instants are int64 µs since 1970 UTC, NEVER where nothing happened. Rows come in one order
(purchase, reference, source), whatever order the database holds them in. Reading: reading.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import to_micros
from forecasting.risk.features.asof import NEVER, Ints
from forecasting.risk.texts import codes_of, strings_of

# `status` is that of now and no feature: it says whether an order still waits for anything.
LATER = ("paid_at", "promised_ship_at", "promised_at", "shipped_at", "delivered_at")
PROMISES = ("promised_ship_at", "promised_at")  # said at the purchase, kept later
AMOUNTS = ("amount", "discount", "freight")
COUNTS = ("items", "sellers")
WORDS = ("source", "category", "seller", "seller_region", "region", "payment", "promo",
         "product_ref", "status")  # fmt: skip
NAMES = ("order_ref", "customer_key")
COLUMNS = (*NAMES, "placed_at", *LATER, *AMOUNTS, *COUNTS, *WORDS)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in the facts, and what was made of it (a key of the catalogue)."""

    key: str
    n: int


@dataclass(frozen=True, slots=True)
class Facts:
    """`orders` has COLUMNS, WORDS as categories and NAMES as strings; `ratings` order, at, share
    (score / scale), kind, sentiment (-1 to 1); `cases` order, at, kind, reason; `contacts` order,
    at, topic, customer_key. `order` is a row of orders, -1: none.
    """

    orders: pd.DataFrame
    ratings: pd.DataFrame
    cases: pd.DataFrame
    contacts: pd.DataFrame
    faults: tuple[Fault, ...] = ()

    def __len__(self) -> int:
        return len(self.orders)

    def instants(self, name: str) -> Ints:
        return self.orders[name].to_numpy(np.int64)

    def codes(self, name: str) -> npt.NDArray[np.integer]:
        """A text column as whole numbers, -1 for unknown."""
        column = self.orders[name]
        return codes_of(column)[0] if name in NAMES else column.cat.codes.to_numpy()

    def rows_of(self, refs: Sequence[str]) -> Ints:
        """The rows of orders by reference; references that no order has are left out."""
        return np.flatnonzero(self.orders["order_ref"].isin(list(refs)).to_numpy())

    def until(self, as_of: datetime) -> Facts:
        """What was known at an instant: later orders, events and steps are not there."""
        end = to_micros(as_of)
        orders = self.orders[self.orders["placed_at"] <= end]  # the first rows, in order
        for name in LATER:
            if name not in PROMISES:
                at = orders[name].to_numpy(np.int64)
                orders[name] = np.where(at <= end, at, NEVER)
        return replace(
            self, orders=orders, ratings=_until(self.ratings, end, len(orders)),
            cases=_until(self.cases, end, len(orders)),
            contacts=_until(self.contacts, end, len(orders)),
        )  # fmt: skip


def _until(events: pd.DataFrame, end: int, orders: int) -> pd.DataFrame:
    there = (events["at"] <= end) & (events["order"] < orders)
    return events[there].reset_index(drop=True)


REVIEW = "review"  # the outcome's own words: no feature may know them
CONTENT = 0.4  # share of its scale that a survey must exceed
UPSET = -0.3  # sentiment of a survey's words from which on they are negative


def negative_surveys(facts: Facts) -> pd.DataFrame:
    """The ratings that say something bad before any review could: surveys with a low score or
    negative words."""
    ratings = facts.ratings
    bad = (ratings["share"] <= CONTENT + 1e-9) | (ratings["sentiment"] <= UPSET)
    found: pd.DataFrame = ratings[bad & (ratings["kind"] != REVIEW)]
    return found


def canonical(orders: pd.DataFrame) -> Ints:
    """The places of rows in their one order: purchase, reference, source; references sort as their
    texts do, sources by their codes, which do too."""
    keys = {
        "placed_at": orders["placed_at"].to_numpy(np.int64),
        "order_ref": strings_of(orders["order_ref"].array),
        "source": orders["source"].cat.codes.to_numpy(),
    }
    order = pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending") for name in keys])
    made: Ints = order.to_numpy().astype(np.int64)
    return made


def mended(facts: Facts) -> Facts:
    """Unusable values made unknown, events dated no earlier than their order, and all of it said.

    `orders` are in their one order already.
    """
    orders = facts.orders.copy(deep=False)  # columns are replaced, none is written into
    faults = _mend(orders)
    placed = orders["placed_at"].to_numpy(np.int64)
    tables: dict[str, pd.DataFrame] = {}
    for name in ("ratings", "cases", "contacts"):
        tables[name], early = _placed(getattr(facts, name), placed)
        faults.append(Fault(f"early_{name}", early))
    repeated = tables["ratings"].duplicated(["order", "kind"]).sum()
    same = orders["order_ref"].duplicated().sum()
    faults += [Fault("repeated_ratings", int(repeated)), Fault("same_ref", int(same))]
    found = tuple(one for one in faults if one.n)
    return Facts(orders, tables["ratings"], tables["cases"], tables["contacts"], found)


def _mend(orders: pd.DataFrame) -> list[Fault]:
    """Make unusable values unknown, in place; returns what was found."""
    placed = orders["placed_at"].to_numpy(np.int64)
    faults = []
    for name in LATER:
        at = orders[name].to_numpy(np.int64)
        early = at < placed
        orders[name] = np.where(early, NEVER, at)
        faults.append(Fault(f"early_{name}", int(early.sum())))
    for name in ("amount", *COUNTS):
        value = orders[name].to_numpy(np.float64)
        wrong = value <= 0
        orders[name] = np.where(wrong, np.nan, value)
        faults.append(Fault(f"not_positive_{name}", int(wrong.sum())))
    for name in ("discount", "freight"):
        value = orders[name].to_numpy(np.float64)
        wrong = value < 0
        orders[name] = np.where(wrong, np.nan, value)
        faults.append(Fault(f"negative_{name}", int(wrong.sum())))
    faults.append(Fault("no_items", int(orders["items"].isna().sum())))
    return faults


def _placed(events: pd.DataFrame, placed: Ints) -> tuple[pd.DataFrame, int]:
    """Events in the order of their instants, none known before its order was."""
    events = events.copy(deep=False)
    row, at = events["order"].to_numpy(np.int64), events["at"].to_numpy(np.int64)
    start = placed[np.maximum(row, 0)] if len(placed) else at
    early = (row >= 0) & (at < start)
    events["at"] = np.where(early, start, at)
    columns = [name for name in events.columns if name not in ("at", "order")]
    events = events.sort_values(["at", "order", *columns], kind="stable").reset_index(drop=True)
    return events, int(early.sum())
