"""Series of counts from the facts of our own store, for the forecasts.

A slot counts as 0 only where the source was read and nothing came. Before a queue's first contact,
after its source was last read, in outages that planners entered and in silent stretches of a whole
source, a count is unknown (NaN). Local time, clock changes included, is made here: `History` has
naive local stamps.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.schema import cases, contacts, orders
from connectors.schema import sources as source_rows
from forecasting.published.series import (
    ALL,
    CASES,
    CONTACTS,
    HANDED,
    ORDERS,
    SeriesKey,
    Slots,
)
from forecasting.volume.closures import mask_outages
from forecasting.volume.day_calendar import make_calendar
from forecasting.volume.history import Floats, History
from forecasting.volume.steps import Step

LONGEST_PAST_DAYS = 1100


@dataclass(frozen=True, slots=True)
class SourceReach:
    """How far the facts of a source go. `filling`: its history is still being read."""

    as_of: datetime | None
    filling: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one series in UTC slots of quarter hours: only those above 0, ascending.

    Known from `first` up to, not including, `end`, but not in `unknown` spans [(from, to), …].
    """

    key: SeriesKey
    slots: Slots
    counts: Floats
    first: int
    end: int
    unknown: tuple[tuple[int, int], ...] = ()
    filling: bool = False


def reaches(connection: sa.Connection, names: Collection[str] = ()) -> dict[str, SourceReach]:
    """Every source of the configuration (or that was ever read)."""
    table = source_rows.c
    query = sa.select(table.source, table.as_of, table.backfill_done, table.backfill_total,
                      table.status)  # fmt: skip
    found = {}
    for row in connection.execute(query):
        if names and row.source not in names:
            continue
        found[row.source] = SourceReach(row.as_of, row.status == "backfill")
    return found


def tallies(
    connection: sa.Connection,
    measure: str,
    *,
    until: datetime,
    since: datetime | None = None,
    names: Collection[str] = (),
    outages: Sequence[tuple[str, datetime, datetime]] = (),
) -> tuple[Tally, ...]:
    """All series of a measure: by queue and channel, by queue, and the whole.

    `outages` are (queue or "" for all, from, to).

    Counts before `until` only, and only as far as the sources were read.
    """
    found = reaches(connection, names)
    last = to_micros(until) // SLOT
    ends = {
        name: min(last, to_micros(one.as_of) // SLOT) if one.as_of else 0
        for name, one in found.items()
    }
    rows = _rows(connection, measure, to_micros(since) if since else 0, to_micros(until), found)
    leaves = _leaves(measure, rows, ends, found, outages)
    return (*leaves, *_sums(leaves, measure))


def _rows(
    connection: sa.Connection, measure: str, since: int, until: int, names: Collection[str]
) -> pd.DataFrame:
    """source, queue, channel, slot, n; ordered by slot."""
    table, at, where = _COUNTED[measure]
    moment = sa.type_coerce(at, sa.BigInteger)
    # Not a parameter: PostgreSQL must see that it groups by what it selects.
    slot = (moment - moment % sa.literal_column(str(SLOT))).label("slot")
    queue: Any = table.c.queue if "queue" in table.c else sa.literal(ALL)
    channel: Any = table.c.channel if "channel" in table.c else sa.literal(ALL)
    labels = [table.c.source, queue.label("queue"), channel.label("channel")]
    query = (
        sa.select(*labels, slot, sa.func.count().label("n"))
        .where(moment >= since, moment < until, table.c.source.in_(list(names)), *where)
        .group_by(*labels, slot)
        .order_by(slot)
    )
    # Column by column: a frame made of rows takes several times as long.
    columns = list(zip(*connection.execute(query).all(), strict=True)) or [()] * 5
    frame = pd.DataFrame(dict(zip(("source", "queue", "channel"), columns, strict=False)))
    frame["slot"] = np.array(columns[3], dtype=np.int64) // SLOT
    frame["n"] = np.array(columns[4], dtype=np.int64)
    return frame


def _handed_at() -> sa.ColumnElement[Any]:
    """When a contact came to people: the hand-over, else the opening."""
    return sa.func.coalesce(contacts.c.queued_at, contacts.c.opened_at)


def _not(column: Any) -> sa.ColumnElement[bool]:
    return sa.not_(sa.func.coalesce(column, sa.false()).is_(sa.true()))


_INCOMING = _not(contacts.c.outbound_only)
_TO_PEOPLE = sa.or_(
    contacts.c.queued_at.is_not(None),
    sa.and_(_not(contacts.c.bot_only), contacts.c.status != "bot"),
)
_COUNTED: Mapping[str, tuple[sa.Table, sa.ColumnElement[Any], tuple[sa.ColumnElement[bool], ...]]]
_COUNTED = {
    CONTACTS: (contacts, contacts.c.opened_at, (_INCOMING,)),
    HANDED: (contacts, _handed_at(), (_INCOMING, _TO_PEOPLE)),
    ORDERS: (orders, orders.c.placed_at, ()),
    CASES: (cases, cases.c.opened_at, ()),
}


def _leaves(
    measure: str,
    rows: pd.DataFrame,
    ends: Mapping[str, int],
    found: Mapping[str, SourceReach],
    outages: Sequence[tuple[str, datetime, datetime]],
) -> tuple[Tally, ...]:
    leaves = []
    for (queue, channel), mine in rows.groupby(["queue", "channel"], sort=True):
        sources = mine["source"].unique().tolist()
        summed = mine.groupby("slot", sort=True)["n"].sum()
        slots = summed.index.to_numpy(dtype=np.int64)
        end = min(ends[name] for name in sources)
        keep = slots < end
        unknown = tuple(
            (to_micros(start) // SLOT, -(-to_micros(stop) // SLOT))
            for name, start, stop in outages
            if name in (ALL, queue)
        )
        leaves.append(
            Tally(
                SeriesKey(measure, str(queue), str(channel)), slots[keep],
                summed.to_numpy(dtype=np.float64)[keep], int(slots[0]), int(end), unknown,
                any(found[name].filling for name in sources),
            )
        )  # fmt: skip
    return tuple(leaves)


def _sums(leaves: Sequence[Tally], measure: str) -> list[Tally]:
    """Every queue over its channels, and everything; also over one, so that whoever asks for a
    queue need not know its channels."""
    groups: dict[SeriesKey, list[Tally]] = {}
    for leaf in leaves:
        for key in {SeriesKey(measure, leaf.key.queue), SeriesKey(measure)} - {leaf.key}:
            groups.setdefault(key, []).append(leaf)
    return [_sum(key, parts) for key, parts in sorted(groups.items())]


def _sum(key: SeriesKey, parts: Sequence[Tally]) -> Tally:
    slots = np.concatenate([one.slots for one in parts])
    places, where = np.unique(slots, return_inverse=True)
    counts = np.bincount(where, np.concatenate([one.counts for one in parts]))
    end = min(one.end for one in parts)
    keep = places < end
    return Tally(
        key, places[keep], counts[keep].astype(np.float64), min(one.first for one in parts), end,
        tuple(sorted({span for one in parts for span in one.unknown})),
        any(one.filling for one in parts),
    )  # fmt: skip


def with_silences(found: Sequence[Tally], step: Step, zone: ZoneInfo) -> tuple[Tally, ...]:
    """Where all series together were silent though much was due, each of them is unknown.

    A thin queue can't tell an outage from a quiet hour; the whole can.
    """
    whole = next((one for one in found if one.key.queue == ALL and one.key.channel == ALL), None)
    if whole is None or step.daily:
        return tuple(found)
    history = history_of(whole, step, zone)
    if history is None:
        return tuple(found)
    from forecasting.volume.grid import raw_grid  # grid.py reads closures.py

    dates, raw = raw_grid(history, step)
    masked, notes = mask_outages(raw, make_calendar(dates, None))
    if not notes:
        return tuple(found)
    lost = np.isnan(masked) & np.isfinite(raw)
    spans = []
    for day, slot in zip(*np.nonzero(lost), strict=True):
        local = (dates[day] + slot * step.offset).to_pydatetime()
        start = to_micros(local.replace(tzinfo=zone).astimezone(UTC)) // SLOT
        spans.append((start, start + step.span // _QUARTER))
    return tuple(
        Tally(one.key, one.slots, one.counts, one.first, one.end,
              (*one.unknown, *spans), one.filling)
        for one in found
    )  # fmt: skip


_QUARTER = pd.Timedelta(minutes=15).to_pytimedelta()


def history_of(tally: Tally, step: Step, zone: ZoneInfo) -> History | None:
    """The series in local time, whole steps only; None before its first whole step.

    In the hour that a clock change repeats, the two counts are averaged; the hour it leaves out
    has no stamp.
    """
    first = max(tally.first, tally.end - LONGEST_PAST_DAYS * 96)
    if tally.end <= first:
        return None
    dense = np.zeros(tally.end - first)
    inside = tally.slots >= first
    dense[tally.slots[inside] - first] = tally.counts[inside]
    known = np.ones(len(dense), bool)
    for start, stop in tally.unknown:
        known[max(0, start - first) : max(0, stop - first)] = False
    stamps = local_steps(np.arange(first, tally.end), step, zone)
    frame = pd.DataFrame({"at": stamps, "y": dense, "known": known})
    per = frame.groupby("at", sort=True).agg(
        y=("y", "sum"), n=("y", "size"), known=("known", "all")
    )
    quarters = step.span // _QUARTER
    counts = np.where(per["known"], per["y"], np.nan)
    n = per["n"].to_numpy()
    if not step.daily:
        counts = np.where(n > quarters, counts * quarters / n, counts)  # the repeated hour
        whole = n >= quarters
    else:
        whole = n >= quarters - 4  # a day of 23 hours is a whole one
    whole[1:-1] |= n[1:-1] > 0
    unknown = int((~per["known"]).sum())
    index = pd.DatetimeIndex(per.index[whole]).as_unit("s")
    if not len(index):
        return None
    notes = (f"{unknown} steps count as unknown: outages or silence where much was due",)
    return History(name_of(tally.key), index, counts[whole], notes if unknown else ())


def local_steps(slots: Slots, step: Step, zone: ZoneInfo) -> pd.DatetimeIndex:
    """The naive local step each UTC quarter hour lies in."""
    stamps = pd.DatetimeIndex((slots * SLOT).view("datetime64[us]")).tz_localize(UTC)
    local = stamps.tz_convert(zone).tz_localize(None)
    return local.normalize() if step.daily else local.floor(step.offset)


def name_of(key: SeriesKey) -> str:
    return " · ".join(part for part in (key.measure, key.queue, key.channel) if part)
