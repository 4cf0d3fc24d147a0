"""Who is on call as an iCalendar feed, for the calendars people have anyway. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from alerts.render import catalogue
from alerts.telling.rota import Duty, Override, Rota, duties
from metrics.text import Language

BACK, AHEAD = timedelta(days=14), timedelta(days=120)


def feed(
    rotas: Mapping[str, Rota],
    overrides: Sequence[Override],
    *,
    now: datetime,
    language: Language,
    person: str | None = None,
) -> bytes:
    """Two weeks back and four months ahead, of all rotas, or of one person. A hole is no event."""
    calendar = Calendar()
    words = catalogue()
    calendar.add("prodid", "-//Deskpulse//on-call//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", words.t("oncall.calendar", language))
    calendar.add("refresh-interval;value=duration", "PT1H")
    for name in sorted(rotas):
        begin = now - BACK
        for duty in duties(rotas[name], overrides, begin, now + AHEAD):
            # The first began some time before: it would move, and change its id, with each look.
            whole = duty.since > begin
            if whole and duty.person is not None and person in (None, duty.person):
                calendar.add_component(_event(duty, duty.person, now, language))
    content: bytes = calendar.to_ical()
    return content


def _event(duty: Duty, person: str, now: datetime, language: Language) -> Event:
    event = Event()
    key = "oncall.taken" if duty.override else "oncall.event"
    event.add("summary", catalogue().t(key, language, person=person, rota=duty.rota))
    event.add("uid", _uid(duty, person))
    event.add("dtstamp", now)
    event.add("dtstart", duty.since)
    event.add("dtend", duty.until)
    event.add("transp", "TRANSPARENT")
    return event


def _uid(duty: Duty, person: str) -> str:
    text = f"{duty.rota}\n{person}\n{duty.since.isoformat()}"
    return f"{hashlib.sha256(text.encode()).hexdigest()[:24]}@deskpulse"
