"""The KPIs: what each is called, counted in, dated by and split by. The SQL is in contributions.py.

Definitions follow the field (see docs/kpis.md); a KPI that is a state has no window.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from metrics.errors import UnknownKpi

Shape = Literal["duration", "percent", "count", "hits", "sum", "mean"]
CONTACT = ("channel", "queue", "source")


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI.

    shape: how values become one number. duration: median, with p50, p90, p95 and mean beside it;
    percent: share of values that are 1; count: number of values; hits: sum of ones among n values;
    sum: their sum; mean: their mean.
    dates: the fact date columns whose changes make stored intervals dirty.
    """

    key: str
    unit: str
    shape: Shape
    dates: tuple[str, ...] = ()
    labels: tuple[str, ...] = CONTACT
    better: Literal["lower", "higher", "neither"] = "neither"
    threshold: timedelta | None = None

    @property
    def is_state(self) -> bool:
        """Whether it is read off the present instead of a window."""
        return not self.dates

    @property
    def empty(self) -> float | None:
        """The value of an interval without any: a count is 0, of a mean nothing is known."""
        return 0.0 if self.shape in ("count", "hits", "sum") else None


ANSWERED = timedelta(seconds=30)
_SHOP = ("source",)
_CASE = ("reason", "source")
_REMOVED = ("contacts.first_reply_at", "contacts.abandoned_at")

KPIS: dict[str, Kpi] = {
    kpi.key: kpi
    for kpi in (
        Kpi("first_response", "s", "duration", ("contacts.first_reply_at",), better="lower"),
        Kpi("first_response_share", "%", "percent", ("contacts.first_reply_at",),
            better="higher", threshold=ANSWERED),
        Kpi("service_level", "%", "percent", _REMOVED, better="higher", threshold=ANSWERED),
        Kpi("abandonment", "%", "percent", _REMOVED, better="lower"),
        Kpi("reply_time", "s", "duration", ("rounds.answered_at",), better="lower"),
        Kpi("resolution", "s", "duration", ("contacts.closed_at",), better="lower"),
        Kpi("volume", "contacts", "count", ("contacts.opened_at",)),
        Kpi("csat", "%", "percent", ("ratings.rated_at",), better="higher"),
        Kpi("csat_response_rate", "%", "percent", ("ratings.asked_at",), better="higher"),
        Kpi("review_score", "score", "mean", ("ratings.rated_at",), _SHOP, better="higher"),
        Kpi("negative_reviews", "reviews", "hits", ("ratings.rated_at",), _SHOP, better="lower"),
        Kpi("orders_placed", "orders", "count", ("orders.placed_at",), _SHOP),
        Kpi("orders_paid", "orders", "count", ("orders.paid_at",), _SHOP),
        Kpi("paid_amount", "money", "sum", ("orders.paid_at",), _SHOP),
        Kpi("pay_to_ship", "s", "duration", ("orders.shipped_at",), _SHOP, better="lower"),
        Kpi("shipped_late", "orders", "hits", ("orders.shipped_at",), _SHOP, better="lower"),
        Kpi("cases_opened", "cases", "count", ("cases.opened_at",), _CASE, better="lower"),
        Kpi("refunded_amount", "money", "sum", ("cases.closed_at",), _CASE, better="lower"),
        Kpi("orders_awaiting_payment", "orders", "count", (), _SHOP),
        Kpi("orders_awaiting_shipment", "orders", "count", (), _SHOP),
        Kpi("overdue_shipments", "orders", "count", (), _SHOP, better="lower"),
        Kpi("cases_open", "cases", "count", (), _CASE),
        Kpi("cases_overdue", "cases", "count", (), _CASE, better="lower"),
    )
}  # fmt: skip


def find(key: str) -> Kpi:
    """The KPI of a key; UnknownKpi names those there are."""
    try:
        return KPIS[key]
    except KeyError:
        raise UnknownKpi(f"there is no KPI '{key}'; use one of {', '.join(KPIS)}") from None
