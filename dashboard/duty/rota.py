"""Who is on call: now and next as tiles, the weeks to come as a chart of shifts. Values → HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.telling.rota import Duty, Override, Rota, duties
from dashboard.markup import tag, text
from dashboard.words import UNKNOWN, Words
from metrics.text import format_day, format_moment

DAYS = 14
_LOOKS = timedelta(days=60)


def now_html(
    rotas: Sequence[Rota], overrides: Sequence[Override], now: datetime, say: Words
) -> str:
    """Per rota: who has it, until when, and who is next."""
    return tag("div", "".join(_now(rota, overrides, now, say) for rota in rotas), class_="dp-now")


def sentence(
    rotas: Sequence[Rota], overrides: Sequence[Override], now: datetime, say: Words
) -> str:
    """Who is on call, or that nobody is."""
    if not rotas:
        return say("rota.none")
    first = [duties(rota, overrides, now, now + _LOOKS)[0] for rota in rotas]
    empty = [one.rota for one in first if one.person is None]
    if empty:
        return say("rota.hole_now", names=say.listing(empty))
    return say("rota.sentence", people=say.listing(dict.fromkeys(str(one.person) for one in first)))


def week_html(rota: Rota, overrides: Sequence[Override], now: datetime, say: Words) -> str:
    """Two weeks from this morning on, a line per person and one for holes."""
    zone = rota.zone
    start = datetime.combine(now.astimezone(zone).date(), time(), zone)
    end = datetime.combine(start.date() + timedelta(days=DAYS), time(), zone)
    found = duties(rota, overrides, start, end)
    names = list(dict.fromkeys(str(one.person) for one in found if one.person))
    lanes = [("", _days(start, end, zone, say))]
    lanes += [(name, _lane(name, found, start, end, now, say)) for name in names]
    if any(one.person is None for one in found):
        lanes.append((say("rota.nobody"), _lane(None, found, start, end, now, say)))
    cells = "".join(tag("div", text(name)) + lane for name, lane in lanes)
    return tag("div", cells, class_="dp-rota", data_rota=rota.name)


def _now(rota: Rota, overrides: Sequence[Override], now: datetime, say: Words) -> str:
    found = duties(rota, overrides, now, now + _LOOKS)
    first, later = found[0], found[1] if len(found) > 1 else None
    name = text(first.person or say("rota.nobody"))
    until = _moment(first.until, rota.zone, now, say)
    lines = [
        tag("h3", text(rota.name)),
        tag("b", name),
        tag("p", text(say("rota.until", time=until))),
    ]
    if first.override:
        lines.append(tag("p", text(say("rota.taken"))))
    if later is not None:
        following = later.person or say("rota.nobody")
        ends = _moment(later.until, rota.zone, now, say)
        lines.append(tag("p", text(say("rota.next", name=following, until=ends))))
    return tag("div", "".join(lines), class_="dp-hole" if first.person is None else None)


def _moment(at: datetime, zone: ZoneInfo, now: datetime, say: Words) -> str:
    return format_moment(at, say.language, zone=zone, now=now)


def _lane(
    person: str | None, found: Sequence[Duty], start: datetime, end: datetime, now: datetime,
    say: Words,
) -> str:  # fmt: skip
    shifts = "".join(_shift(one, start, end, now, say) for one in found if one.person == person)
    line = tag("i", class_="dp-nowline", style=f"--from:{_share(now, start, end):.2f}%")
    return tag("div", shifts + line, class_="dp-lane")


def _shift(one: Duty, start: datetime, end: datetime, now: datetime, say: Words) -> str:
    left = _share(one.since, start, end)
    size = _share(one.until, start, end) - left
    zone = start.tzinfo
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - made in week_html
    times = f"{_moment(one.since, zone, now, say)} – {_moment(one.until, zone, now, say)}"
    kind = " dp-hole" if one.person is None else " dp-taken" if one.override else ""
    said = one.person or say("rota.nobody")
    mark = say("rota.taken") if one.override else ""
    shown = f"{said} {mark}".strip() if size > 6 else ""
    return tag(
        "span",
        text(shown),
        class_=f"dp-shift{kind}",
        style=f"--from:{left:.2f}%;--size:{size:.2f}%",
        title=f"{said}: {times} {mark}".strip(),
    )


def _days(start: datetime, end: datetime, zone: ZoneInfo, say: Words) -> str:
    marks = []
    day = start
    while day < end:
        left = _share(day, start, end)
        said = format_day(day, say.language, zone=zone)
        weekday = said.split(" ")[1 if say.language == "zh" else 0]
        shown = f"{weekday} {day.day}"
        marks.append(tag("span", text(shown), style=f"--from:{left:.2f}%", title=said))
        day = datetime.combine(day.date() + timedelta(days=1), time(), zone)
    return tag("div", "".join(marks), class_="dp-days")


def _share(at: datetime, start: datetime, end: datetime) -> float:
    """In percent of the chart, in real time: a week in which the clock changes is an hour off."""
    whole = (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()
    passed = (at.astimezone(UTC) - start.astimezone(UTC)).total_seconds()
    return max(0.0, min(100.0, 100 * passed / whole))


def overrides_rows(
    overrides: Sequence[Override], zone: ZoneInfo, now: datetime, say: Words
) -> list[tuple[str, ...]]:
    return [
        (
            one.rota,
            one.person,
            f"{_moment(one.since, zone, now, say)} – {_moment(one.until, zone, now, say)}",
            one.by,
            one.reason or UNKNOWN,
        )
        for one in overrides
    ]
