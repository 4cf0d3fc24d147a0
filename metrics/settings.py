"""[service]: when a desk is open, and from it the clock of each queue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from connectors.settings import Section, Zone
from metrics.clock import Clocks, ServiceClock
from metrics.holidays import HolidayCalendar
from metrics.hours import WEEKDAYS, Hours, Schedule, Week, parse_hours

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_SPAN = 366  # days; longer is a slip of the pen
Dated = tuple[tuple[date, Hours], ...]


def _hours(value: Any) -> Any:
    if value is None or isinstance(value, tuple):
        return value
    if not isinstance(value, str):
        raise ValueError('write hours in quotes: "09:00-12:00, 13:30-18:00" or "closed"')
    return parse_hours(value)


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
            raise ValueError
        return date.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(f"'{value}' is not a date; write for example 2026-11-11") from None


def _dates(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError("write a list of dates, such as [2026-11-11]")
    found = sorted(_date(one) for one in value)
    for one, other in pairwise(found):
        if one == other:
            raise ValueError(f"{one} is there twice; keep one")
    return tuple(found)


def _dated(value: Any) -> Any:
    if isinstance(value, tuple):
        return value
    if not isinstance(value, Mapping):
        raise ValueError('write one line for each date, such as 2026-11-11 = "00:00-24:00"')
    found: dict[date, Hours] = {}
    for key, text in value.items():
        days = list(_span(str(key)))
        try:
            hours = _hours(text)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
        for day in days:
            if day in found:
                raise ValueError(f"{day} is there twice; keep one")
            found[day] = hours
    return tuple(sorted(found.items()))


def _span(text: str) -> Iterable[date]:
    """`2026-11-11`, or all dates of `2026-02-15..2026-02-23`."""
    first, dots, last = text.partition("..")
    start = _date(first)
    end = _date(last) if dots else start
    if not 0 <= (end - start).days <= _LONGEST_SPAN:
        raise ValueError(f"'{text}' must go from a date to a later one, at most a year on")
    return (start + timedelta(days=n) for n in range((end - start).days + 1))


HoursSetting = Annotated[Hours | None, BeforeValidator(_hours)]
DatesSetting = Annotated[tuple[date, ...], BeforeValidator(_dates)]
DatedSetting = Annotated[Dated, BeforeValidator(_dated)]


class DeskSettings(Section):
    """The hours of a desk. What a queue leaves out is as in [service] itself."""

    timezone: Zone | None = None
    country: str | None = None
    region: str | None = None
    workdays: HoursSetting = None
    weekend: HoursSetting = None
    holidays: HoursSetting = None
    monday: HoursSetting = None
    tuesday: HoursSetting = None
    wednesday: HoursSetting = None
    thursday: HoursSetting = None
    friday: HoursSetting = None
    saturday: HoursSetting = None
    sunday: HoursSetting = None
    extra_holidays: DatesSetting = ()
    extra_workdays: DatesSetting = ()
    exceptions: DatedSetting = ()

    @property
    def week(self) -> Week:
        return Week(
            workdays=self.workdays,
            weekend=self.weekend,
            holidays=self.holidays,
            weekdays=tuple(getattr(self, name) for name in WEEKDAYS),
            dated=self.exceptions,
        )

    @model_validator(mode="after")
    def _dates_agree(self) -> Self:
        if self.region is not None and self.country is None:
            raise ValueError('region needs its country, such as country = "DE"')
        HolidayCalendar(self.country, self.region)  # raises when nobody knows them
        exceptions = [day for day, _ in self.exceptions]
        for one, days, other, others in (
            ("extra_holidays", self.extra_holidays, "extra_workdays", self.extra_workdays),
            ("exceptions", exceptions, "extra_holidays", self.extra_holidays),
            ("exceptions", exceptions, "extra_workdays", self.extra_workdays),
        ):
            for day in sorted(set(days) & set(others)):
                raise ValueError(f"{day} is in {one} and in {other}; keep one")
        return self


class ServiceSettings(DeskSettings):
    """[service]: the hours of all queues, and in [service.queues."…"] of single ones."""

    queues: dict[str, DeskSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hours_agree(self) -> Self:
        for name, desk in self._desks.items():
            if desk.holidays is not None and not self._has_holidays(desk):
                raise ValueError(
                    f"{name}holidays has hours but no holidays are known; set country or "
                    "extra_holidays"
                )
            weeks = _weeks(self, desk)
            if (
                _calendar(self, desk).has_makeup_workdays
                and any(hours is not None for week in weeks for hours in week.weekdays[:5])
                and all(week.workdays is None for week in weeks)
            ):
                raise ValueError(
                    f"{name}workdays is missing; make-up workdays have its hours, not those of "
                    "a weekday"
                )
        return self

    def _has_holidays(self, desk: DeskSettings) -> bool:
        # Hours in [service] may be meant for the queues that have a country of their own.
        asked = self._desks.values() if desk is self else (desk,)
        return any(_calendar(self, one).has_holidays for one in asked)

    @property
    def _desks(self) -> Mapping[str, DeskSettings]:
        return {"": self, **{f"queues.{name}: ": one for name, one in self.queues.items()}}


def clocks(settings: ServiceSettings, zone: ZoneInfo) -> Clocks:
    """The clocks of [service]; without that section none ever closes. `zone`: the shop's.

    They keep what they work out, so hold on to them.
    """

    def clock(desk: DeskSettings) -> ServiceClock:
        where = desk.timezone or settings.timezone or zone
        return ServiceClock(Schedule(where, _calendar(settings, desk), _weeks(settings, desk)))

    return Clocks(clock(settings), {name: clock(desk) for name, desk in settings.queues.items()})


def _weeks(service: ServiceSettings, desk: DeskSettings) -> tuple[Week, ...]:
    return (service.week,) if desk is service else (desk.week, service.week)


def _calendar(service: ServiceSettings, desk: DeskSettings) -> HolidayCalendar:
    """A queue's own dates and those of [service] that it doesn't say otherwise."""
    country = desk if desk.country is not None else service
    holidays, workdays = set(desk.extra_holidays), set(desk.extra_workdays)
    return HolidayCalendar(
        country.country,
        country.region,
        tuple(sorted(holidays | (set(service.extra_holidays) - workdays))),
        tuple(sorted(workdays | (set(service.extra_workdays) - holidays))),
    )
