"""Who is on call, when: layers of people who take turns, and shifts that somebody took over. Pure.

An override goes before every layer, the latest made first; then the first layer that covers the
moment. Turns change at a wall clock's time, so a week has 167 or 169 hours where the clock changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from alerts.telling.weekly import Spans, ends_at, spans_around

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Layer:
    """`people` take turns of `days` days, from `start` on at `handover`. `hours` () = always."""

    people: tuple[str, ...]
    days: int
    start: date
    handover: time
    hours: Spans = ()


@dataclass(frozen=True, slots=True)
class Rota:
    """`receivers` are each person's."""

    name: str
    zone: ZoneInfo
    layers: tuple[Layer, ...]
    receivers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Somebody takes a shift. `by` and `reason` are for the record."""

    rota: str
    person: str
    since: datetime
    until: datetime
    by: str
    reason: str = ""
    made_at: datetime
    id: int = 0
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """`person` None: nobody is on call, a hole. `since` and `until` in UTC."""

    rota: str
    person: str | None
    since: datetime
    until: datetime
    override: bool = False


def on_call(rota: Rota, overrides: Sequence[Override], at: datetime) -> str | None:
    """The person on call at a moment; None in a hole."""
    return _who(rota, overrides, at)[0]


def receivers_on_call(
    rota: Rota, overrides: Sequence[Override], at: datetime
) -> tuple[str | None, tuple[str, ...]]:
    """Who is on call, and by what they are told; (None, ()) in a hole."""
    person = on_call(rota, overrides, at)
    return person, rota.receivers.get(person, ()) if person else ()


def duties(
    rota: Rota, overrides: Sequence[Override], since: datetime, until: datetime
) -> list[Duty]:
    """Who is on call from `since` until `until`, in order, without gaps: holes are duties of
    nobody."""
    edges = {since, until}
    for layer in rota.layers:
        edges |= _handovers(layer, rota.zone, since, until)
    for one in overrides:
        if one.rota == rota.name:
            edges |= {one.since, one.until, *([one.ended_at] if one.ended_at else [])}
    inside = sorted(edge.astimezone(UTC) for edge in edges if since <= edge <= until)
    found: list[Duty] = []
    for begin, end in pairwise(inside):
        person, taken = _who(rota, overrides, begin)
        last = found[-1] if found else None
        if last and (last.person, last.override) == (person, taken):
            found[-1] = Duty(rota.name, person, last.since, end, taken)
        else:
            found.append(Duty(rota.name, person, begin, end, taken))
    return found


def holes(
    rota: Rota, overrides: Sequence[Override], since: datetime, until: datetime
) -> list[Duty]:
    return [one for one in duties(rota, overrides, since, until) if one.person is None]


def _who(rota: Rota, overrides: Sequence[Override], at: datetime) -> tuple[str | None, bool]:
    taken = [one for one in overrides if one.rota == rota.name and holds(one, at)]
    if taken:
        return max(taken, key=lambda one: (one.made_at, one.id)).person, True
    for layer in rota.layers:
        person = _turn(layer, rota.zone, at)
        if person is not None:
            return person, False
    return None, False


def holds(override: Override, at: datetime) -> bool:
    ended = override.ended_at is not None and override.ended_at <= at
    return override.since <= at < override.until and not ended


def _turn(layer: Layer, zone: ZoneInfo, at: datetime) -> str | None:
    if layer.hours and ends_at(layer.hours, at, zone) is None:
        return None
    day = at.astimezone(zone).date()
    if at < _handover(layer, zone, day):
        day -= _DAY
    passed = (day - layer.start).days
    if passed < 0:
        return None
    return layer.people[passed // layer.days % len(layer.people)]


def _handover(layer: Layer, zone: ZoneInfo, day: date) -> datetime:
    """An instant: walls show some times twice and others never."""
    return datetime.combine(day, layer.handover, zone).astimezone(UTC)


def _handovers(layer: Layer, zone: ZoneInfo, since: datetime, until: datetime) -> set[datetime]:
    found: set[datetime] = set()
    day, last = since.astimezone(zone).date() - _DAY, until.astimezone(zone).date() + _DAY
    while day <= last:
        if (day - layer.start).days % layer.days == 0:
            found.add(_handover(layer, zone, day))
        for begin, end in spans_around(layer.hours, at=_noon(day, zone), zone=zone, days=0):
            found |= {begin, end}
        day += _DAY
    return found


def _noon(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(12), zone)
