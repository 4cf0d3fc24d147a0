"""What the URL of the worklist asks for: filters, ranking, capacity, and the order that is open.

Pure: query → WorklistAsked, and what it leaves of the items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forecasting.risk.moments import MOMENTS
from forecasting.risk.segments import SEGMENTS
from forecasting.risk.worklist import Item, Status

OVERDUE: Final = "overdue"  # not a status of its own, but what one looks for first
STATES: Final = (OVERDUE, *Status)
FILTERS: Final = ("status", "owner", "segment", "moment", "seller")
NOBODY: Final = "-"  # as an owner: items that nobody has taken
_MOST = 50


@dataclass(frozen=True, slots=True)
class WorklistAsked:
    """`weight` in percent: how much an order's own value counts; `actions` a day, None for as
    configured; `order` is the open one as source/reference; `all` shows ended orders too."""

    filters: Mapping[str, tuple[str, ...]]
    weight: int = 100
    actions: int | None = None
    order: str | None = None
    all: bool = False


def read_asked(query: Mapping[str, Sequence[str]]) -> WorklistAsked:
    """Values that make no sense count as left out."""
    known = {"status": STATES, "segment": SEGMENTS, "moment": tuple(MOMENTS)}
    filters = {}
    for name in FILTERS:
        values = tuple(dict.fromkeys(one for one in query.get(name, ()) if one))[:_MOST]
        filters[name] = tuple(v for v in values if name not in known or v in known[name])
    return WorklistAsked(
        filters=filters,
        weight=_whole(_first(query, "value"), 0, 100) or 0 if _first(query, "value") else 100,
        actions=_whole(_first(query, "actions"), 1, 5000),
        order=_first(query, "order"),
        all=_first(query, "all") == "1",
    )


def chosen(items: Sequence[Item], asked: WorklistAsked, now: datetime) -> list[Item]:
    """The items that pass every filter."""
    return [one for one in items if _passes(one, asked.filters, now)]


def _passes(item: Item, filters: Mapping[str, tuple[str, ...]], now: datetime) -> bool:
    has = {
        "status": {str(item.status), OVERDUE if item.overdue(now) else ""},
        "owner": {item.owner or NOBODY},
        "segment": {item.segment or ""},
        "moment": {item.moment},
        "seller": {item.seller or ""},
    }
    return all(not wanted or has[name].intersection(wanted) for name, wanted in filters.items())


def _first(query: Mapping[str, Sequence[str]], name: str) -> str | None:
    return next((one for one in query.get(name, ()) if one), None)


def _whole(text: str | None, least: int, most: int) -> int | None:
    if text is None or not text.isdecimal():
        return None
    return min(most, max(least, int(text)))
