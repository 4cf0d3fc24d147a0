"""The contacts behind a mark of a chart: Pick → rows, by the same measure that made the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.history import drill
from dashboard.history.asked import Asked
from dashboard.history.drill import Pick
from dashboard.history.frames_course import span_said
from dashboard.history.known import Known
from dashboard.history.values import in_words
from dashboard.lists import DOWN, GOOD
from dashboard.words import UNKNOWN, Words
from metrics.behind import Behind, Order, contacts_behind
from metrics.kpi import Kpi
from metrics.reading import Reader

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """The first of the rows behind a mark, and how many there are."""

    rows: tuple[Behind, ...]
    total: int


def listing(reader: Reader, asked: Asked, pick: Pick, order: Order) -> Listing:
    """At most SHOWN rows in the order asked. Raises the errors of metrics."""
    where = drill.narrowed(pick, asked.where)
    spans = drill.windows(pick, asked.period)
    between = None
    if pick.kind == "band":
        low, high = drill.band_of(pick)
        between = (low, float("inf") if high is None else high)
    found = [
        contacts_behind(
            reader, pick.kpi, since, until, where, order=order, between=between, limit=SHOWN
        )
        for since, until in spans
    ]
    rows = [row for one in found for row in one.rows]
    kpi = reader.registry.find(pick.kpi)
    return Listing(ordered(kpi, rows, order)[:SHOWN], sum(one.total for one in found))


def ordered(kpi: Kpi, rows: Sequence[Behind], order: Order) -> tuple[Behind, ...]:
    """Several lists as one, in the order that each of them has."""
    newest = sorted(rows, key=lambda row: row.at, reverse=True)
    if order == "newest" or kpi.shape == "count":
        return tuple(newest)
    high_is_worst = kpi.better == "lower"

    def trouble(row: Behind) -> float:
        value = row.value if row.hit is None else float(row.hit)
        return (value or 0.0) * (-1 if high_is_worst else 1)

    return tuple(sorted(newest, key=trouble))


def pick_said(pick: Pick, unit: str, asked: Asked, known: Known) -> str:
    """What was picked: `Wed 18 Nov 14:00–14:30`, `Mon 9:00–10:00, every week`, a queue's name."""
    say = asked.say
    if pick.kind == "all":
        return asked.period_said()
    if pick.kind == "at":
        since, until = (one.astimezone(asked.zone) for one in drill.window_of(pick))
        return span_said(since, until, say)
    if pick.kind == "hour":
        weekday, hour = drill.hour_of(pick)
        hours = f"{hour:02}:00–{hour + 1:02}:00"
        return say("behind.weekly", day=say(f"weekday.{weekday}"), hours=hours)
    if pick.kind == "band":
        low, high = drill.band_of(pick)
        if high is None:
            return f"≥ {in_words(low, unit, say)}"
        return f"{in_words(low, unit, say)}–{in_words(high, unit, say)}"
    return known.shown(pick.kind, pick.value)


def cells_of(kpi: Kpi, row: Behind, asked: Asked, known: Known) -> tuple[str, ...]:
    """One line of the list, as its heads name them."""
    return (
        row.ref,
        row.queue or UNKNOWN,
        row.channel or UNKNOWN,
        known.shown("agent", row.agent or ""),
        asked.say.moment(row.at.astimezone(asked.zone)),
        _worth(kpi, row, asked.say),
    )


def _worth(kpi: Kpi, row: Behind, say: Words) -> str:
    """A contact of a share either counts or doesn't; which of the two is good depends."""
    if row.hit is None:
        return in_words(row.value, kpi.unit, say)
    if kpi.better == "neither":
        return say("behind.hit" if row.hit else "behind.miss")
    good = row.hit == (kpi.better == "higher")
    return f"{GOOD if good else DOWN} {say('behind.hit' if row.hit else 'behind.miss')}"
