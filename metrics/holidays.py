"""Which dates are workdays, weekend and public holidays: the `holidays` library plus own dates.

Shopping festivals are not here; neither is what any of it means for the hours (hours.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import holidays

DayType = Literal["workday", "weekend", "make-up workday", "holiday"]
# The State Council's notices name a break as one run, with the weekend days it touches ("10月1日
# 至7日"), while the library lists only the days that aren't weekend anyway. In other countries a
# Saturday beside a holiday is an ordinary Saturday.
_JOINED_BREAKS = ("CN", "CHN")
_DAY = timedelta(days=1)
# What a fingerprint looks at: earlier years don't change any more, later ones aren't known yet.
_YEARS = (2000, 2040)


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """`country`, `region`: as the library names them (`CN`; `DE`, `BY`), None: no holidays, and
    Saturday and Sunday are the weekend. `extra_…`: own dates in order, which go before the
    country's.

    ValueError on a country or region that the library doesn't know.
    """

    country: str | None = None
    region: str | None = None
    extra_holidays: tuple[date, ...] = ()
    extra_workdays: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if self.country is not None:
            _check(self.country, self.region)

    @property
    def is_empty(self) -> bool:
        """There is no holiday and no make-up workday in it."""
        return not (self.country or self.extra_holidays or self.extra_workdays)

    @property
    def has_holidays(self) -> bool:
        return bool(self.country or self.extra_holidays)

    @property
    def has_makeup_workdays(self) -> bool:
        return bool(self.extra_workdays) or (
            self.country is not None and _moves_workdays(self.country)
        )

    def day_type(self, day: date) -> DayType:
        """A make-up workday is a weekend day that is worked, for a workday off elsewhere."""
        if day in self.extra_workdays:
            return "make-up workday"
        if day in self.extra_holidays:
            return "holiday"
        if self.country is None:
            return "weekend" if day.weekday() >= 5 else "workday"
        return _special_days(self.country, self.region, day.year).get(day, "workday")

    def fingerprint(self) -> str:
        """Text that changes when a date changes its type, also through a newer library."""
        own = [self.extra_holidays, self.extra_workdays]
        return repr((_published(self.country, self.region) if self.country else "", own))


def _check(country: str, region: str | None) -> None:
    supported = holidays.list_supported_countries()
    if country not in supported:
        raise ValueError(
            f"no holidays are known of the country '{country}'; write its code of two letters, "
            "such as CN or DE"
        )
    if region is None:
        return
    try:
        holidays.country_holidays(country, subdiv=region)
    except NotImplementedError:
        known = ", ".join(supported[country][:12]) or "none"
        raise ValueError(f"{country} has no region '{region}'; it has {known}") from None


def _moves_workdays(country: str) -> bool:
    return bool(holidays.country_holidays(country).has_substituted_holidays)


@lru_cache(maxsize=1024)
def _special_days(country: str, region: str | None, year: int) -> dict[date, DayType]:
    """All days of a year that aren't workdays like any other."""
    # The years beside it: a make-up workday in December belongs to January's holiday, and a
    # break may run over New Year.
    around = range(year - 1, year + 2)
    found = holidays.country_holidays(country, subdiv=region, years=around)
    off = {day for day in found if day not in found.weekend_workdays}
    free = [day for day in _days(year) if found.is_weekend(day)]
    if country in _JOINED_BREAKS:
        off |= _touching(off, set(free) - found.weekend_workdays)
    types: dict[date, DayType] = dict.fromkeys(free, "weekend")
    types |= dict.fromkeys(sorted(off), "holiday")
    types |= dict.fromkeys(sorted(found.weekend_workdays), "make-up workday")
    return {day: kind for day, kind in types.items() if day.year == year}


def _touching(off: set[date], rest: set[date]) -> set[date]:
    """The days of `rest` that a holiday or another such day lies beside."""
    joined: set[date] = set()
    front = list(off)
    while front:
        day = front.pop()
        beside = {day - _DAY, day + _DAY} & (rest - joined)
        joined |= beside
        front += beside
    return joined


def _days(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))


@lru_cache(maxsize=64)
def _published(country: str, region: str | None) -> str:
    found = holidays.country_holidays(country, subdiv=region, years=range(*_YEARS))
    return repr((sorted(found), sorted(found.weekend_workdays), sorted(found.weekend)))
