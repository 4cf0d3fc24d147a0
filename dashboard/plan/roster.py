"""Suggested shifts as people take them along: table, sheet, calendar. Pure but for the program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import numpy as np
import pandas as pd

from dashboard.history.export import Cell, Column, Sheet, Table
from dashboard.plan.frames import local_of
from dashboard.words import Words
from forecasting.settings import StaffingSettings
from forecasting.staffing.shifts import ShiftLimits, ShiftPlan, suggest_shifts

ICS_TYPE = "text/calendar; charset=utf-8"
LIMIT_S = 5.0


def suggested(
    per_step: pd.DataFrame, settings: StaffingSettings, *, step: timedelta, zone: ZoneInfo
) -> ShiftPlan:
    """The cheapest shifts for the heads needed per step (ds µs, scheduled). BadShifts says why
    none fit.

    Shrinkage is in the heads already, so that breaks of a pattern are not counted twice.
    """
    wall = local_of(per_step["ds"], zone.key)
    need = pd.DataFrame({"ds": wall, "agents": per_step["scheduled"].to_numpy(dtype=np.int64)})
    need = need.groupby("ds", as_index=False).max()  # an hour that comes twice is one on the wall
    limits = ShiftLimits(time_limit_s=LIMIT_S, gap=0.01)
    return suggest_shifts(need, settings.patterns(), step=step, limits=limits)


def shift_name(name: str, say: Words) -> str:
    return say(f"shift.{name}") if say.has(f"shift.{name}") else name


def shift_sheet(plan: ShiftPlan, about: tuple[tuple[str, str], ...], zone: ZoneInfo, say: Words,
                ) -> Sheet:  # fmt: skip
    """One line per kind of shift and start."""
    names = ("shift", "start", "end", "breaks", "heads", "hours")
    columns = [Column(say(f"staffing.{name}"), "0.0" if name == "hours" else "") for name in names]
    rows: list[list[Cell]] = [
        [shift_name(row["pattern"], say), _aware(row["start"], zone), _aware(row["end"], zone),
         row["breaks"], int(row["agents"]), float(row["paid_hours"])]
        for row in plan.shifts.to_dict("records")
    ]  # fmt: skip
    first = plan.coverage["ds"].iloc[0]
    return Sheet(f"deskpulse-shifts-{first:%Y-%m-%d}", say("staffing.shifts"), about,
                 Table(columns, rows))  # fmt: skip


def calendar(plan: ShiftPlan, zone: ZoneInfo, say: Words, now: datetime) -> bytes:
    """An event per kind of shift and start, with how many people work it."""
    found = icalendar.Calendar()
    found.add("prodid", "-//Deskpulse//shifts//")
    found.add("version", "2.0")
    for row in plan.shifts.to_dict("records"):
        event = icalendar.Event()
        name = shift_name(row["pattern"], say)
        start = _aware(row["start"], zone)
        event.add("uid", f"{row['pattern']}-{start:%Y%m%dT%H%M}@deskpulse")
        event.add("summary", say("staffing.shift_event", name=name, n=int(row["agents"])))
        event.add("dtstart", start.astimezone(UTC))
        event.add("dtend", _aware(row["end"], zone).astimezone(UTC))
        event.add("dtstamp", now.astimezone(UTC))
        if row["breaks"]:
            event.add("description", say("staffing.breaks_at", breaks=row["breaks"]))
        found.add_component(event)
    return bytes(found.to_ical())


def _aware(stamp: Any, zone: ZoneInfo) -> datetime:
    local: datetime = pd.Timestamp(stamp).to_pydatetime()
    return local.replace(tzinfo=zone)
