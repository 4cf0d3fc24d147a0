"""As-of rates: how it has gone so far with the seller, product, category, route and customer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import (
    DAY,
    NEVER,
    Floats,
    Ints,
    OrderLedger,
    Tally,
    Whole,
    ranks,
)
from forecasting.risk.labels import Verdicts

MINUTE = 60 * 1_000_000
MINUTES_OF_DAY = 1440.0
ABANDONED = 60 * DAY  # what was not delivered for so long is no longer on its way
RETURNS = ("return", "refund")  # cases by which goods come back
# Under which keys each event is asked for: its ledgers are made together, for what they are made of
# takes as much memory as they do.
KEYS = {
    "orders": ("all", "seller", "product_ref", "route", "customer_key"),
    "bad": ("all", "seller", "product_ref", "category", "region", "customer_key"),
    "fault": ("all", "seller", "product_ref", "category"),
    "rating": ("all", "seller", "product_ref"),
    "late_bad": ("all",),
    "late": ("all", "seller", "region", "route"),
    "ship_late": ("all", "seller"),
    "handling": ("seller",),
    "transit": ("route",),
    "total": ("all", "route", "customer_key"),
    "spent": ("all", "customer_key"),
    "price": ("category",),
    "returned": ("all", "seller", "product_ref"),
    "arrived": ("all", "route"),
    "sent": ("all", "seller"),
}


class History:
    """All ledgers of the facts; ask it about rows of orders as of instants."""

    def __init__(self, facts: Facts, told: Verdicts) -> None:
        self._facts = facts
        self._told = told
        self._made: dict[tuple[str, str], OrderLedger] = {}
        self._keys: dict[str, npt.NDArray[np.integer]] = {}
        placed, shipped = facts.instants("placed_at"), facts.instants("shipped_at")
        promised, delivered = facts.instants("promised_at"), facts.instants("delivered_at")
        limit = facts.instants("promised_ship_at")
        late_then = (promised <= told.at) & (delivered > promised)
        self._events: dict[str, tuple[Ints, Whole | None]] = {
            "orders": (placed, None),
            "bad": (told.counted, told.bad.astype(np.int8)),
            "fault": (np.where(late_then, NEVER, told.counted), told.bad.astype(np.int8)),
            "rating": (
                np.where(np.isnan(told.share), NEVER, told.counted),
                _hundredths(told.share),
            ),
            "late_bad": (np.where(late_then, told.counted, NEVER), told.bad.astype(np.int8)),
            "late": (promised, (delivered > promised).astype(np.int8)),
            "ship_late": (limit, (shipped > limit).astype(np.int8)),
            "handling": (shipped, _minutes(placed, shipped)),
            "transit": (np.where(shipped < NEVER, delivered, NEVER), _minutes(shipped, delivered)),
            "total": (delivered, _minutes(placed, delivered)),
            "spent": (placed, _cents(facts)),
            "price": (placed, _log_price(facts)),
            "returned": (_first_return(facts), None),
            "arrived": (np.minimum(delivered, placed + ABANDONED), None),
            "sent": (np.minimum(np.minimum(shipped, delivered), placed + ABANDONED), None),
        }

    def ledger(self, event: str, key: str) -> OrderLedger:
        """The ledger of an event under one of its KEYS; made when the event is first asked for."""
        if (event, key) not in self._made:
            at, value = self._events[event]
            ranked = ranks(at)
            for one in KEYS[event]:
                self._made[event, one] = OrderLedger(self._key(one), at, value, ranked=ranked)
        return self._made[event, key]

    def _key(self, name: str) -> npt.NDArray[np.integer]:
        if name not in self._keys:
            self._keys[name] = self._make_key(name).astype(np.int32)
        return self._keys[name]

    def _make_key(self, name: str) -> npt.NDArray[np.integer]:
        if name == "all":
            return np.zeros(len(self._facts), np.int32)
        if name == "route":
            start, end = self._facts.codes("seller_region"), self._facts.codes("region")
            route = start.astype(np.int64) * (int(end.max(initial=0)) + 1) + end
            return np.where((start < 0) | (end < 0), -1, route)
        return self._facts.codes(name)

    def columns(self, rows: Ints, at: Ints) -> dict[str, Floats]:
        """As-of columns for rows of orders, each at its own instant."""
        asked = _Asked(self, rows, at)
        return {**asked.market(), **asked.seller(), **asked.goods(), **asked.route(),
                **self._customer(asked, rows, at)}  # fmt: skip

    def _customer(self, asked: _Asked, rows: Ints, at: Ints) -> dict[str, Floats]:
        orders, bad = asked.by("orders", "customer_key"), asked.by("bad", "customer_key")
        return {
            "customer_orders": orders.n.astype(np.float64),
            "customer_lately": asked.by("orders", "customer_key", 90).n.astype(np.float64),
            "customer_spent": asked.by("spent", "customer_key").total / 100,
            "customer_bad": bad.mean(),
            "customer_waiting": _open(self, rows, at),
        }


class _Asked:
    """One set of questions: the same rows and instants for every ledger."""

    def __init__(self, history: History, rows: Ints, at: Ints) -> None:
        self._history, self._rows, self._at = history, rows, at
        self._usual: dict[str, Floats] = {}

    def by(self, event: str, key: str, days: float | None = None) -> Tally:
        ledger = self._history.ledger(event, key)
        if days is None:
            return ledger.by(self._rows, self._at)
        return ledger.within(self._rows, self._at, days)

    def usual(self, event: str, days: float | None = None) -> Floats:
        """The rate of the whole shop; 0 before anything is known."""
        return np.nan_to_num(self.by(event, "all", days).mean())

    def backlog(self, done: str, key: str) -> Floats:
        """Orders not yet `done`, in days of what came in lately: while the flow is steady that is
        how long one takes (Little 1961), and it grows long before a late order is known as one."""
        still = self.by("orders", key).n - self.by(done, key).n
        daily = self.by("orders", key, 28).n / 28
        return np.where(daily > 0, still / np.maximum(daily, 1e-9), np.nan)

    def market(self) -> dict[str, Floats]:
        self._bad, self._late = self.usual("bad"), self.usual("late", 60)
        self._fault, self._rating = self.usual("fault"), self.usual("rating")
        week, month = self.by("orders", "all", 7).n, self.by("orders", "all", 28).n
        return {
            "shop_bad": self.by("bad", "all", 60).rate(self._bad, 20),
            "shop_late": self.by("late", "all", 30).rate(self._late, 20),
            "shop_late_bad": self.by("late_bad", "all", 90).rate(0.5, 20),
            "shop_late_week": self.by("late", "all", 7).rate(self._late, 20),
            "shop_surge": np.where(month > 0, 4 * week / np.maximum(month, 1), np.nan),
            "shop_amount": self.by("spent", "all", 90).mean() / 100,
            "shop_open_days": self.backlog("arrived", "all"),
            "shop_unsent_days": self.backlog("sent", "all"),
        }

    def seller(self) -> dict[str, Floats]:
        bad, late = self.by("bad", "seller"), self.by("late", "seller", 90)
        week = self.by("orders", "seller", 7).n
        month = self.by("orders", "seller", 90).n
        ship_late = self.by("ship_late", "seller", 90)
        usual = self._returns("all", 0.0, 1)
        return {
            "seller_return": self._returns("seller", usual, 10),
            "product_return": self._returns("product_ref", usual, 5),
            "seller_unsent_days": self.backlog("sent", "seller"),
            "seller_bad": bad.rate(self._bad, 10),
            "seller_known": bad.n.astype(np.float64),
            "seller_bad_lately": self.by("bad", "seller", 90).rate(self._bad, 5),
            "seller_late": late.rate(self._late, 5),
            "seller_late_known": late.n.astype(np.float64),
            "seller_fault": self.by("fault", "seller").rate(self._fault, 10),
            "seller_rating": self.by("rating", "seller").rate(self._rating, 10) / 100,
            "seller_late_month": self.by("late", "seller", 30).rate(self._late, 5),
            "seller_ship_late": ship_late.rate(self.usual("ship_late", 90), 5),
            "seller_handling": self.by("handling", "seller", 90).mean() / MINUTES_OF_DAY,
            "seller_orders_week": week.astype(np.float64),
            "seller_orders": month.astype(np.float64),
        }

    def _returns(self, key: str, toward: Floats | float, weight: float) -> Floats:
        """Share of the orders of half a year that came back."""
        came, placed = self.by("returned", key, 180).n, self.by("orders", key, 180).n
        share: Floats = (came + weight * toward) / (placed + weight)
        return share

    def goods(self) -> dict[str, Floats]:
        product = self.by("bad", "product_ref")
        price = self.by("price", "category", 180)
        return {
            "category_bad": self.by("bad", "category", 180).rate(self._bad, 20),
            "product_bad": product.rate(self._bad, 5),
            "product_fault": self.by("fault", "product_ref").rate(self._fault, 5),
            "product_rating": self.by("rating", "product_ref").rate(self._rating, 5) / 100,
            "category_fault": self.by("fault", "category").rate(self._fault, 20),
            "product_known": product.n.astype(np.float64),
            "category_price": price.mean() / 1000,
        }

    def route(self) -> dict[str, Floats]:
        total = self.by("total", "all", 60).mean()
        late = self.by("late", "region", 30).rate(self._late, 20)
        return {
            "route_open_days": self.backlog("arrived", "route"),
            "region_late": late,
            "region_bad": self.by("bad", "region", 60).rate(self._bad, 20),
            "route_late": self.by("late", "route", 60).rate(late, 20),
            "route_days": self.by("total", "route", 60).rate(np.nan_to_num(total), 5)
            / MINUTES_OF_DAY,
            "route_transit": self.by("transit", "route", 60).mean() / MINUTES_OF_DAY,
        }


def _open(history: History, rows: Ints, at: Ints) -> Floats:
    """Other orders of the customer that were on their way."""
    placed = history.ledger("orders", "customer_key").by(rows, at).n
    done = history.ledger("total", "customer_key").by(rows, at).n
    return (placed - done).astype(np.float64)


def _first_return(facts: Facts) -> Ints:
    """Per order the instant of its first return or refund case."""
    cases = facts.cases[facts.cases["kind"].isin(RETURNS) & (facts.cases["order"] >= 0)]
    at = np.full(len(facts), NEVER)
    np.minimum.at(at, cases["order"].to_numpy(np.int64), cases["at"].to_numpy(np.int64))
    return at


def _minutes(start: Ints, end: Ints) -> Whole:
    there = (start < NEVER) & (end < NEVER)
    return np.where(there, np.where(there, end - start, 0) // MINUTE, 0).astype(np.int32)


def _hundredths(share: Floats) -> Whole:
    return np.rint(np.nan_to_num(share) * 100).astype(np.int8)


def _cents(facts: Facts) -> Ints:
    amount = facts.orders["amount"].to_numpy(np.float64)
    cents: Ints = np.rint(np.nan_to_num(amount) * 100).astype(np.int64)
    return cents


def _log_price(facts: Facts) -> Ints:
    """ln of the mean item price in thousandths: whole, so that sums are exact."""
    orders = facts.orders
    price = (orders["amount"] - orders["freight"].fillna(0)) / orders["items"]
    level = np.log(price.clip(lower=0.01).fillna(1).to_numpy(np.float64))
    thousandths: Ints = np.rint(level * 1000).astype(np.int64)
    return thousandths
