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
from metrics.values import Values

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
    if pick.kind == "band":
        return _within(reader, asked, pick, order)
    found = [
        contacts_behind(reader, pick.kpi, since, until, where, order=order, limit=SHOWN)
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


def _within(reader: Reader, asked: Asked, pick: Pick, order: Order) -> Listing:
    """Rows of one band. Only as many are asked for as are likely to hold SHOWN of it: making a row
    of each of a year's contacts takes seconds."""
    low, high = drill.band_of(pick)
    period = asked.period
    kpi = reader.registry.find(pick.kpi)
    values = reader.values(pick.kpi, period.since, period.until, asked.where)
    below, inside, above = _counts(values, low, high)
    worse = above if kpi.better == "lower" else below
    limit = SHOWN + round(worse * 1.02) if order == "worst" else _spread(values.n, inside)
    while True:
        found = contacts_behind(
            reader, pick.kpi, period.since, period.until, asked.where, order=order, limit=limit
        )
        rows = [row for row in found.rows if _inside(row, low, high)]
        if limit >= found.total:
            return Listing(tuple(rows[:SHOWN]), len(rows))
        if len(rows) >= SHOWN:
            return Listing(tuple(rows[:SHOWN]), max(inside, len(rows)))
        limit *= 4


def _counts(values: Values, low: float, high: float | None) -> tuple[int, int, int]:
    """How many values lie below the band, within it, and above."""
    edges = sorted({0.0, low, *(() if high is None else (high,))})
    counts = {band.low: band.n for band in values.distribution(edges)}
    inside = counts[low]
    above = 0 if high is None else counts[high]
    return sum(counts.values()) - inside - above, inside, above


def _spread(n: int, inside: int) -> int:
    """Of how many values in a row a band is likely to hold SHOWN."""
    return round(1.5 * SHOWN * n / max(inside, 1))


def _inside(row: Behind, low: float, high: float | None) -> bool:
    return row.value is not None and low <= row.value and (high is None or row.value < high)


def pick_said(pick: Pick, asked: Asked, known: Known) -> str:
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
        return (
            f"≥ {say.duration(low)}"
            if high is None
            else (f"{say.duration(low)}–{say.duration(high)}")
        )
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
