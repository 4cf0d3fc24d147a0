"""The service hours of the tests, and service time minute by minute: what does the wall clock say?

Queue A has the hours of all: workdays with a lunch break, closed at the weekend, one odd date. B
works at night, past midnight; C never closes.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

# As it stands in deskpulse.toml.
SERVICE: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "workdays": "09:00-12:00, 13:30-18:00",
    "extra_holidays": [date(2026, 10, 26)],
    "exceptions": {"2026-03-30": "10:00-11:15"},
    "queues": {
        "B": {"workdays": "18:00-02:00", "weekend": "22:00-03:30"},
        "C": {"workdays": "00:00-24:00", "weekend": "00:00-24:00", "holidays": "00:00-24:00"},
    },
}
ZONE = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
_WORKDAYS, _WEEKEND = [(540, 720), (810, 1080)], [(1320, 1440 + 210)]


def _periods(queue: str, day: date) -> list[tuple[int, int]]:
    """The minutes of the day on which periods begin and end."""
    if day == date(2026, 3, 30):
        return [(600, 675)]  # the exception is everybody's: no queue says otherwise
    weekend, holiday = day.weekday() >= 5, day == date(2026, 10, 26)
    if queue == "C":
        return [(0, 1440)]
    if holiday:
        return []
    if queue == "B":
        return _WEEKEND if weekend else [(1080, 1440 + 120)]
    return [] if weekend else _WORKDAYS


@cache
def _open(queue: str, minute: datetime) -> bool:
    local = minute.astimezone(ZONE)
    at = local.hour * 60 + local.minute
    today, before = local.date(), local.date() - timedelta(days=1)
    return any(first <= at < last for first, last in _periods(queue, today)) or any(
        first <= at + 1440 < last for first, last in _periods(queue, before)
    )


def service_seconds(queue: str, start: datetime, end: datetime) -> float:
    """Seconds between two moments in which the desk of the queue is open."""
    total, moment = timedelta(0), start
    while moment < end:
        minute = moment.replace(second=0, microsecond=0)
        following = min(minute + MINUTE, end)
        if _open(queue, minute):
            total += following - moment
        moment = following
    return total / timedelta(seconds=1)
