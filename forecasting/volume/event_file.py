"""A planner's campaigns from a CSV of kind, first, last."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from forecasting.volume.day_calendar import Event
from forecasting.volume.errors import BadSeries


def read_events(path: Path) -> tuple[Event, ...]:
    """Dates as 2026-11-11; BadSeries names the line that cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise BadSeries(f"'{path}' cannot be read ({error.strerror}); check --events") from None
    found = []
    for number, row in enumerate(csv.DictReader(lines), 2):
        try:
            event = Event(
                row["kind"].strip(), date.fromisoformat(row["first"].strip()),
                date.fromisoformat(row["last"].strip()),
            )  # fmt: skip
        except (KeyError, ValueError, AttributeError):
            raise BadSeries(
                f"line {number} of '{path}' is no event; write kind,first,last like "
                "spring-campaign,2026-03-01,2026-03-05"
            ) from None
        found.append(event)
    return tuple(found)
