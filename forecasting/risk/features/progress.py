"""What has happened to the order itself by the moment: payment, hand-over, delivery, contacts."""

from __future__ import annotations

import numpy as np

from forecasting.risk.facts import Facts, negative_surveys
from forecasting.risk.features.asof import NEVER, Floats, Ints, Ledger, known
from forecasting.risk.features.basket import days_between
from forecasting.risk.texts import codes_of, places_in


def progress(facts: Facts, rows: Ints, at: Ints) -> dict[str, Floats]:
    """Columns about the way so far; steps after `at` have not happened."""
    placed = facts.instants("placed_at")[rows]
    paid, shipped, delivered = (
        np.where(known(when, at), when, NEVER)
        for when in (facts.instants(n)[rows] for n in ("paid_at", "shipped_at", "delivered_at"))
    )
    promised = facts.instants("promised_at")[rows]
    limit = facts.instants("promised_ship_at")[rows]
    elapsed = days_between(placed, at)
    promised_days = days_between(placed, promised)
    so_far = np.where(shipped < NEVER, shipped, at)
    arrived = np.where(delivered < NEVER, delivered, at)
    return {
        "paid": _flag(paid),
        "shipped": _flag(shipped),
        "delivered": _flag(delivered),
        "pay_days": days_between(placed, paid),
        "handling_days": days_between(placed, shipped),
        "over_limit_days": days_between(limit, so_far),
        "transit_days": days_between(shipped, arrived),
        "elapsed_days": elapsed,
        "early_days": days_between(delivered, promised),
        "left_days": days_between(at, promised),
        "elapsed_share": elapsed / np.maximum(promised_days, 1),
    }


def _flag(at: Ints) -> Floats:
    return (at < NEVER).astype(np.float64)


class Contacts:
    """Contacts, cases and bad surveys of an order and its customer, as of instants."""

    def __init__(self, facts: Facts) -> None:
        self._customer_of, names = codes_of(facts.orders["customer_key"])
        customer = places_in(facts.contacts["customer_key"], names)
        when = facts.contacts["at"].to_numpy(np.int64)
        self._orders = Ledger(facts.contacts["order"].to_numpy(np.int64), when)
        self._customers = Ledger(customer, when)
        self._cases, self._surveys = (
            Ledger(events["order"].to_numpy(np.int64), events["at"].to_numpy(np.int64))
            for events in (facts.cases, negative_surveys(facts))
        )

    def columns(self, rows: Ints, at: Ints) -> dict[str, Floats]:
        customer, month = self._customer_of[rows], at - 30 * 86_400_000_000
        recent = self._customers.by(customer, at) - self._customers.by(customer, month)
        return {
            "contacts": self._orders.by(rows, at).n.astype(np.float64),
            "customer_contacts": recent.n.astype(np.float64),
            "cases": self._cases.by(rows, at).n.astype(np.float64),
            "bad_surveys": self._surveys.by(rows, at).n.astype(np.float64),
        }
