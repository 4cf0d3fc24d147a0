"""Dates that matter: public holidays, make-up workdays, sales events, a planner's campaigns.

All of it is data about days; what a day is worth is learned by the models.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.volume.errors import BadOption
from forecasting.volume.history import Bools
from forecasting.volume.promotions import promotions

WORKDAY = 2  # a make-up workday looks like a midweek day
_REGION = {"GB": "ENG"}  # bank holidays of the largest part, where parts of a country differ


@dataclass(frozen=True, slots=True)
class Event:
    """A planned influence, first and last day included; equal kinds share their uplift."""

    kind: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is known about each of `dates`, past and coming."""

    dates: pd.DatetimeIndex
    weekdays: npt.NDArray[np.int64]  # 0 Monday; make-up workdays count as midweek
    public: Bools
    names: tuple[str, ...]  # of the public holiday, else ""
    events: tuple[tuple[str, Bools], ...]  # by kind

    def until(self, days: int) -> Calendar:
        return Calendar(
            self.dates[:days], self.weekdays[:days], self.public[:days], self.names[:days],
            tuple((kind, mask[:days]) for kind, mask in self.events),
        )  # fmt: skip


def make_calendar(
    dates: pd.DatetimeIndex, country: str | None, events: Iterable[Event] = ()
) -> Calendar:
    """The calendar of a country (ISO 3166 code) over `dates`; without one, weekdays only."""
    names, makeup = _holidays(dates, country)
    weekdays = np.asarray(dates.day_of_week, dtype=np.int64).copy()
    weekdays[makeup] = WORKDAY
    planned = list(events)
    if country == "CN":
        years = range(dates[0].year - 1, dates[-1].year + 2)
        planned += [Event(*one) for one in promotions(years)]
    masks = []
    for kind in sorted({event.kind for event in planned}):
        mask = np.zeros(len(dates), bool)
        for event in planned:
            if event.kind == kind:
                inside = (dates >= pd.Timestamp(event.first)) & (dates <= pd.Timestamp(event.last))
                mask |= np.asarray(inside)
        if mask.any():
            masks.append((kind, mask))
    public = np.array([bool(name) for name in names])
    return Calendar(dates, weekdays, public, names, tuple(masks))


def _holidays(dates: pd.DatetimeIndex, country: str | None) -> tuple[tuple[str, ...], Bools]:
    blank = np.zeros(len(dates), bool)
    if country is None:
        return ("",) * len(dates), blank
    import holidays

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            days = holidays.country_holidays(
                country, subdiv=_REGION.get(country),
                years=range(dates[0].year - 1, dates[-1].year + 2), language="en_US",
            )  # fmt: skip
        except NotImplementedError:
            raise BadOption(
                f"the public holidays of '{country}' are not known; give an ISO code like CN"
            ) from None
    names = tuple(_plain(days.get(day.date()) or "") for day in dates)
    makeup = {pd.Timestamp(day) for day in getattr(days, "weekend_workdays", ())}
    return names, np.array([day in makeup for day in dates])


def _plain(name: str) -> str:
    """The holiday without "(observed)" or the date of a substitute, so that years compare."""
    return name.split(";")[0].split(" (")[0].strip()


def country_of(zone: ZoneInfo) -> str | None:
    """The country a time zone lies in (zone.tab of tzdata); None when there is none or several."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab")
    for line in table.read_text(encoding="utf-8").splitlines():
        parts = line.split("\t")
        if len(parts) >= 3 and parts[2] == zone.key:
            return parts[0]
    return None
