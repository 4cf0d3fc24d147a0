"""What a shop calls a complaint. When it was known of an order is labels.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complaint:
    """A rating at or below `share` of its scale, a case of some kind, a contact about some topic.

    With `quiet_days` silence means content so long after the delivery or the promised time,
    whichever comes last; None: silence says nothing, as where customers rate.
    """

    share: float = 0.4
    ratings: tuple[str, ...] = ("review",)
    cases: tuple[str, ...] = ("complaint", "refund", "return")
    topics: tuple[str, ...] = ("complaint",)
    quiet_days: int | None = None
