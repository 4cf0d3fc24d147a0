"""The moments at which an order is scored: each belongs to an instant of its own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from forecasting.risk.facts import Facts, negative_surveys
from forecasting.risk.features.asof import NEVER, Flags, Ints
from forecasting.risk.labels import Verdicts


def _order(facts: Facts) -> Ints:
    return facts.instants("placed_at")


def _shipping(facts: Facts) -> Ints:
    return facts.instants("shipped_at")


def _late_shipping(facts: Facts) -> Ints:
    limit, shipped = facts.instants("promised_ship_at"), facts.instants("shipped_at")
    return np.where(shipped > limit, limit, NEVER)


def _promise(facts: Facts) -> Ints:
    return np.minimum(facts.instants("delivered_at"), facts.instants("promised_at"))


def _contact(facts: Facts) -> Ints:
    return _nth_contact(facts, 1)


def _second_contact(facts: Facts) -> Ints:
    return _nth_contact(facts, 2)


def _nth_contact(facts: Facts, n: int) -> Ints:
    return _nth(facts, facts.contacts, n)


def _negative_text(facts: Facts) -> Ints:
    return _nth(facts, negative_surveys(facts), 1)


def _nth(facts: Facts, events: pd.DataFrame, n: int) -> Ints:
    held = events[events["order"] >= 0]  # in the order of their instants
    nth = held[held.groupby("order").cumcount() == n - 1]
    at = np.full(len(facts), NEVER)
    at[nth["order"].to_numpy(np.int64)] = nth["at"].to_numpy(np.int64)
    return at


EVER = np.iinfo(np.int64).min  # before any instant

# In the order in which they usually come. promise: delivery or the end of the promised day,
# whichever is earlier.
MOMENTS: dict[str, Callable[[Facts], Ints]] = {
    "order": _order,
    "late_shipping": _late_shipping,
    "shipping": _shipping,
    "contact": _contact,
    "second_contact": _second_contact,
    "negative_text": _negative_text,
    "promise": _promise,
}


def moment_at(facts: Facts, moment: str) -> tuple[Ints, Flags]:
    """The instant of the moment per order, and whether the facts tell it.

    Where they don't (no promise and no delivery), the instant of the purchase stands in: the order
    is then scored by a rule, which says so.
    """
    at = MOMENTS[moment](facts)
    there = at < NEVER
    return np.where(there, at, facts.instants("placed_at")), there


def latest(facts: Facts, now: int) -> tuple[np.ndarray, Ints]:
    """Per order the name and the instant of the last moment that has come by `now` (µs)."""
    last, come = np.zeros(len(facts), np.int8), np.full(len(facts), EVER)
    for place, find in enumerate(MOMENTS.values()):
        at = find(facts)
        later = (at <= now) & (at >= come)  # of equals the later kind
        last[later], come[later] = place, at[later]
    return np.array(list(MOMENTS), object)[last], come


# Moments that the customer makes, and for how long after them a complaint is only what the customer
# just wrote about: nobody could still prevent it, so it is nothing to predict there.
SAME = 4 * 3600 * 1_000_000  # µs
BY_CUSTOMER = ("contact", "second_contact", "negative_text")


def before_verdict(facts: Facts, told: Verdicts, moment: str) -> tuple[Ints, Ints]:
    """Rows that the moment comes to before any verdict, and the instants of the moments."""
    at, there = moment_at(facts, moment)
    lead = SAME if moment in BY_CUSTOMER else 0
    rows = np.flatnonzero(there & (told.at - lead > at))
    return rows, at[rows]


def labelled(
    facts: Facts, told: Verdicts, moment: str, *, by: int = NEVER - 1
) -> tuple[Ints, Ints]:
    """Rows whose verdict came after their moment and counts `by` an instant (µs), and the instants
    of the moments."""
    rows, at = before_verdict(facts, told, moment)
    known = told.told[rows] & (told.counted[rows] <= by)
    return rows[known], at[known]
