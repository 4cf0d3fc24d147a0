"""The shop's calendar: promotions, live-stream slots, the slow weeks, and what goes wrong.

Everything here is a function of the date (and the seed, for what nobody can plan), never of the
span that is simulated: the same day is the same day in every history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np


@dataclass(frozen=True, slots=True)
class Promo:
    """How a day differs from an ordinary one, as factors."""

    tag: str | None
    orders: float
    presale: float
    aftersales: float
    evening: float = 1.0
    """On top after 20:00: waves open in the evening."""


ORDINARY = Promo(None, 1.0, 1.0, 1.0)
_MEMBER_DAY = Promo("member_day", 1.35, 1.2, 1.05, 1.15)
_WAVE = Promo("double11", 2.4, 2.0, 1.3, 1.3)
_618 = Promo("618", 2.6, 2.0, 1.3, 1.3)
# (month, day) -> the day; the wave before the day itself opens at 20:00
_FIXED = {
    (3, 8): Promo("38", 1.9, 1.6, 1.15),
    (5, 30): Promo("618", 1.2, 1.3, 1.0, 1.9),
    (5, 31): _618,
    (6, 1): _618,
    (6, 16): Promo("618", 1.6, 1.6, 1.2),
    (6, 17): Promo("618", 1.7, 1.7, 1.2, 1.8),
    (6, 18): Promo("618", 4.2, 3.0, 1.6, 1.2),
    (6, 19): Promo("618", 1.4, 1.2, 1.9),
    (6, 20): Promo("618", 1.1, 1.1, 1.6),
    (8, 18): Promo("818", 1.7, 1.5, 1.1, 1.4),
    (9, 9): Promo("99", 1.6, 1.4, 1.1),
    (10, 20): Promo("double11", 1.3, 1.6, 1.1, 1.7),
    (10, 21): _WAVE,
    (10, 31): Promo("double11", 1.6, 1.7, 1.1, 1.8),
    (11, 1): Promo("double11", 3.6, 2.6, 1.5, 1.2),
    (11, 2): _WAVE,
    (11, 3): Promo("double11", 1.8, 1.6, 1.4),
    (11, 10): Promo("double11", 1.9, 2.1, 1.3, 1.7),
    (11, 11): Promo("double11", 5.5, 3.4, 1.7, 1.2),
    (11, 12): Promo("double11", 1.6, 1.4, 1.9),
    (11, 13): Promo("double11", 1.2, 1.2, 1.6),
    (11, 14): Promo("double11", 1.1, 1.1, 1.4),
    (12, 11): Promo("double12", 1.4, 1.5, 1.1, 1.6),
    (12, 12): Promo("double12", 2.8, 2.2, 1.4, 1.2),
    (12, 13): Promo("double12", 1.2, 1.1, 1.6),
}
_MEMBER_DAYS = (8, 18, 28)
_NEW_YEAR = (
    date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6),
    date(2028, 1, 26), date(2029, 2, 13), date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11),
)  # fmt: skip
_LIVE_WEEKDAYS = (1, 3, 5, 6)


@lru_cache(maxsize=4096)
def promo(day: int) -> Promo:
    """What the calendar says about a day."""
    when = date.fromordinal(day)
    fixed = _FIXED.get((when.month, when.day))
    if fixed:
        return fixed
    if any(abs((when - eve).days - 1) <= 3 for eve in _NEW_YEAR):
        return Promo("spring_festival", 0.3, 0.35, 0.5)
    if when.month == 10 and when.day <= 7:
        return Promo("national_day", 0.85, 0.85, 0.8)
    return _MEMBER_DAY if when.day in _MEMBER_DAYS else ORDINARY


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that nobody planned."""

    kind: str
    """logistics, system or quality"""
    first_day: int
    days: int
    starts_hour: float = 0.0
    hours: float = 24.0


@lru_cache(maxsize=4096)
def incidents(seed: int, day: int) -> tuple[Incident, ...]:
    """What is going wrong on a day: about one incident a fortnight."""
    fortnight = day // 14
    found = (_incident(seed, fortnight - 1), _incident(seed, fortnight))
    return tuple(i for i in found if i.first_day <= day < i.first_day + i.days)


def _incident(seed: int, fortnight: int) -> Incident:
    rng = np.random.default_rng((seed, 11, fortnight))
    first = fortnight * 14 + int(rng.integers(0, 14))
    kind = ("logistics", "system", "quality")[int(rng.integers(0, 3))]
    if kind == "system":
        return Incident(kind, first, 1, float(rng.uniform(10, 21)), float(rng.uniform(0.7, 2.0)))
    return Incident(kind, first, int(rng.integers(2, 4)))


@dataclass(frozen=True, slots=True)
class Burst:
    """Many contacts within minutes: a live-stream drop, a coupon at the full hour."""

    queue: str
    hour: float
    minutes: float
    share: float
    """Of an ordinary day's contacts of the whole shop."""


@lru_cache(maxsize=4096)
def bursts(seed: int, day: int) -> tuple[Burst, ...]:
    """Coupon drops through the day and, on live-stream evenings, three product drops."""
    rng = np.random.default_rng((seed, 13, day))
    hours = [h + float(rng.uniform(0, 2)) for h in (9.5, 12.5, 15.5, 18.0, 21.5)]
    found = [Burst("天猫售前", h, 5.0, float(rng.uniform(0.005, 0.011))) for h in hours]
    if live_evening(day):
        start = 19.5 + float(rng.uniform(0, 0.7))
        drops = (start + 0.25, start + 0.8, start + 1.4)
        found += [Burst("抖音", h, 6.0, float(rng.uniform(0.008, 0.013))) for h in drops]
    return tuple(found)


def live_evening(day: int) -> bool:
    """Whether the shop streams live on this evening."""
    return date.fromordinal(day).weekday() in _LIVE_WEEKDAYS
