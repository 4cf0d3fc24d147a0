"""The dated sales events of Chinese e-commerce, with their waves; what they are worth is learned.

Windows follow the platforms' published plans of recent years; a planner's own campaigns come
as `Event`s beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

# kind, month and day of the first, month and day of the last day
_YEARLY = (
    ("newyear-goods", (1, 5), (1, 20)),
    ("womens-day", (3, 5), (3, 8)),
    ("618-presale", (5, 20), (5, 30)),
    ("618-opening", (5, 31), (6, 3)),
    ("618-peak", (6, 15), (6, 18)),
    ("618-returns", (6, 19), (6, 25)),
    ("99-sale", (9, 7), (9, 9)),
    ("double11-presale", (10, 20), (10, 30)),
    ("double11-opening", (10, 31), (11, 3)),
    ("double11-peak", (11, 10), (11, 11)),
    ("double11-returns", (11, 12), (11, 20)),
    ("double12", (12, 10), (12, 12)),
)


def promotions(years: Iterable[int]) -> list[tuple[str, date, date]]:
    """(kind, first day, last day) of every sales event of those years."""
    return [
        (kind, date(year, *first), date(year, *last))
        for year in years
        for kind, first, last in _YEARLY
    ]


def live_streams(weekday: int, first: date, last: date) -> list[tuple[str, date, date]]:
    """A shop's weekly live-stream evening as events of one kind."""
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    found = []
    while day <= last:
        found.append(("live-stream", day, day))
        day += timedelta(days=7)
    return found
