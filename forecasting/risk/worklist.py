"""The worklist: what stands on it, and how it is ranked. Pure; rows are listing.py.

An order is listed once, when its risk first reaches the line; from then on people own it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """How far acting on an order has come."""

    UNTOUCHED = "untouched"
    CONTACTED = "contacted"
    SOLVED = "solved"
    NOT_NEEDED = "not_needed"


DONE = (Status.SOLVED, Status.NOT_NEEDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A listed order with the score that holds now. Times are aware; `reasons` by language.

    `listed_probability` and `listed_moment` are those that it was listed for.
    """

    source: str
    order_ref: str
    status: Status
    owner: str | None
    note: str | None
    due_at: datetime
    listed_at: datetime
    listed_moment: str
    listed_probability: float
    touched_at: datetime | None
    updated_at: datetime
    probability: float
    moment: str
    moment_at: datetime
    model: str
    reasons: dict[str, str]
    placed_at: datetime
    amount: float | None
    seller: str | None
    product_ref: str | None
    warehouse: str | None
    segment: str | None
    open: bool  # nobody knows yet how the order ends

    def overdue(self, now: datetime) -> bool:
        """Nobody has touched it, and its time is over."""
        return self.status is Status.UNTOUCHED and self.open and self.due_at < now


def usual_amount(items: Iterable[Item]) -> float:
    """What an order of unknown value counts for: the mean of the known ones, else 1."""
    known = [one.amount for one in items if one.amount is not None]
    return sum(known) / len(known) if known else 1.0


def expected_harm(item: Item, weight: float, usual: float) -> float:
    """Probability × value, in money. `weight` (0 to 1) says how much the order's own value counts
    against the usual one: 0 ranks by probability alone."""
    amount = usual if item.amount is None else item.amount
    return item.probability * (weight * amount + (1 - weight) * usual)


def ranked(items: Sequence[Item], weight: float) -> list[tuple[Item, float]]:
    """Items with their expected harm, the highest first; equals in the order of their due times."""
    usual = usual_amount(items)
    found = [(one, expected_harm(one, weight, usual)) for one in items]
    return sorted(found, key=lambda pair: (-pair[1], pair[0].due_at, pair[0].order_ref))
