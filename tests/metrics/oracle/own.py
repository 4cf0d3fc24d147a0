"""KPIs of our own, for the settings and words that no shipped pack uses."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from tests.metrics.oracle import contacts, rounds
from tests.metrics.oracle.facts import (
    Counted,
    Definition,
    Facts,
    first_of_day,
    seconds,
    service_seconds,
    within_hours,
)

# As [kpi.KEY] tables of deskpulse.toml; their local days are those of the shop's zone.
OWN = tomllib.loads("""
["own.replies_in_service"]
unit = "round"
start = "waiting"
end = "answered"
clock = "service"
counts = ["human", "bot"]
where = ["later"]
denominator = "answered"
date = "answered"
shape = "duration"
headline = "mean"
unit_of_value = "s"

["own.in_time_in_service"]
start = "waiting"
end = "first_reply"
clock = "service"
threshold = "30m"
where = ["incoming", "people"]
denominator = "offered"
date = "opened"
matures = "1h"
shape = "percent"
unit_of_value = "%"

["own.customers"]
unit = "contact"
dedup = "customer_day"
date = "opened"
shape = "count"
unit_of_value = "customers"

["own.first_rounds"]
unit = "round"
start = "asked"
end = "answered"
threshold = "5m"
denominator = "offered"
dedup = "contact"
date = "asked"
shape = "percent"
unit_of_value = "%"

["own.closers"]
unit = "event"
where = ["closed"]
dedup = "contact_window"
date = "at"
shape = "mean"
number = "value"
unit_of_value = "s"

["own.evenings"]
where = ["!closed"]
date = "opened"
hours = "17:45-24:00"
effective_from = 2026-03-29
suspended = [["2026-03-30", "2026-03-31"], ["2026-10-25", "2026-10-26"]]
shape = "sum"
number = "transfers"
unit_of_value = "transfers"

["own.events_of_closed"]
unit = "event"
where = ["still_closed"]
date = "at"
shape = "count"
unit_of_value = "events"

["own.person_at_last"]
unit = "round"
start = "answered"
end = "person_answered"
where = ["by_bot", "with_customer"]
denominator = "answered"
date = "person_answered"
shape = "duration"
unit_of_value = "s"
""")


def replies_in_service(facts: Facts) -> Iterator[Counted]:
    for one in rounds.questions(facts, ("human", "bot")):
        if one.answered and one.row.round_no > 0:
            spent = service_seconds(one.contact.queue, one.waits_from, one.answered)
            yield rounds.counted(one, one.answered, spent)


def in_time_in_service(facts: Facts) -> Iterator[Counted]:
    def met(c: Any) -> bool:
        return c.first_reply_at is not None and contacts.service_wait(c) <= 30 * 60

    for c in facts.contacts:
        if not c.outbound_only and not c.bot_only:
            yield contacts.counted(c, c.opened_at, met(c))


def customers(facts: Facts) -> Iterator[Counted]:
    found = ((c.customer_key, contacts.counted(c, c.opened_at)) for c in facts.contacts)
    return first_of_day(found, facts.zone)


def first_rounds(facts: Facts) -> Iterator[Counted]:
    """Each contact's first question that people answered, or nobody yet."""
    seen = set()
    found = sorted(rounds.questions(facts, ("human",)), key=rounds.asked)
    for one in found:
        who = (one.row.source, one.row.contact_id)
        if who not in seen:
            seen.add(who)
            yield rounds.counted(one, one.asked, float(rounds.met(one, one.asked, 300)))


def evenings(facts: Facts) -> Iterator[Counted]:
    for c in facts.contacts:
        local = c.opened_at.astimezone(facts.zone)
        suspended = local.date() in (date(2026, 3, 30), date(2026, 10, 25))
        late = within_hours(c.opened_at, facts.zone, time(17, 45), time.max)
        if c.status != "closed" and late and not suspended and _effective(c.opened_at, facts.zone):
            yield contacts.counted(c, c.opened_at, c.transfer_count or 0)


def _effective(moment: datetime, zone: ZoneInfo) -> bool:
    return moment.astimezone(zone).date() >= date(2026, 3, 29)


def events_of_closed(facts: Facts) -> Iterator[Counted]:
    for kind in ("closed", "first_response", "reply", "handed_over"):
        for one in rounds.events(facts, kind):
            if one.who in facts.by_id and facts.by_id[one.who].status == "closed":
                yield one


def person_at_last(facts: Facts) -> Iterator[Counted]:
    for one in rounds.questions(facts, ("bot",)):
        at = one.row.person_answered_at
        if one.answered and one.row.answered_by == "bot" and one.contact.customer_key and at:
            yield rounds.counted(one, at, seconds(one.answered, at))


KPIS = {
    "own.replies_in_service": Definition(replies_in_service, "mean time"),
    "own.in_time_in_service": Definition(in_time_in_service, "share", timedelta(hours=1)),
    "own.customers": Definition(customers, "count"),
    "own.first_rounds": Definition(first_rounds, "share"),
    "own.closers": Definition(
        partial(rounds.events, kind="closed", timed=True), "mean", once_per_window=True),
    "own.evenings": Definition(evenings, "sum"),
    "own.events_of_closed": Definition(events_of_closed, "count"),
    "own.person_at_last": Definition(person_at_last, "median"),
}  # fmt: skip
