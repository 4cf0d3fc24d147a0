"""Numbers that rules compare and that are read from the store: forecasts, staff, pace, lists.

Each reader gives one measurement per label set of its rule. They move slowly and are read every
minute or so (kinds.py), never by viewers. Imported when first used: forecasts take long to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa

from alerts.conditions.asked import Asked
from alerts.conditions.naming import series_name
from alerts.rule import Rule
from connectors import schema
from connectors.columns import MICROSECOND, from_micros, to_micros
from connectors.dirty import SLOT
from forecasting.published.series import CONTACTS, MEAN, Published
from forecasting.published.store import current
from forecasting.risk.listing import overdue_items
from forecasting.risk.signals import risk_measurements
from metrics.measurement import Measurement, labels_of
from metrics.pacing import NoPace, pace
from metrics.reading import Reader
from metrics.trailing import trailing
from metrics.vocabulary import raw

NEGATIVE = 0.4  # of the scale: one or two stars of five
STALE_REVIEW = timedelta(days=30)  # nobody reads an answer to an older one
PROMISE = timedelta(hours=48)  # to ship after payment, where the shop has no promised time
_COUNTED = {CONTACTS: "volume", "orders": "orders_placed"}


def outside_band(rule: Rule, asked: Asked) -> Iterator[Measurement]:
    """How far the last whole step's count lies outside the band of its forecast, in percent of the
    edge it passed (of one contact at least); 0 inside."""
    for one in _forecasts(rule, asked):
        step = one.step_s * 1_000_000
        end = to_micros(asked.as_of) // step * step
        start = end - step
        place = int(np.searchsorted(one.slots, start // SLOT))
        if place >= len(one.slots) or one.slots[place] != start // SLOT:
            continue  # closed, or before the forecast begins
        low, high = (float(one.values[f"{s}-{rule.signal.level}"][place]) for s in ("lo", "hi"))
        found = _counted(rule, asked, one, from_micros(end))
        value = None if found is None else outside(found, low, high, rule.signal.side)
        yield _measured(rule, asked, one, value)


def outside(count: float, low: float, high: float, side: str) -> float:
    """In percent of the edge; 0 where the count lies inside or on the side nobody asked about."""
    if count > high and side != "below":
        return 100 * (count - high) / max(high, 1.0)
    if count < low and side != "above":
        return 100 * (low - count) / max(low, 1.0)
    return 0.0


def forecast(rule: Rule, asked: Asked) -> Iterator[Measurement]:
    """The highest forecast of a step that lies within the lead time, the present one included."""
    for one in _forecasts(rule, asked):
        means = _ahead(one, asked.now, rule.signal.lead).values[MEAN]
        yield _measured(rule, asked, one, float(means.max()) if len(means) else None)


def staffing_gap(rule: Rule, asked: Asked) -> Iterator[Measurement]:
    """Heads that the worst step within the lead time lacks on the roster; without `by`, all queues
    of a step together. Unknown where no shift is."""
    from forecasting.staffing.from_store import staffing_gap as gaps  # pandas: takes seconds
    from forecasting.staffing.gap import GAP

    reader = Reader(asked.connection, asked.zone, asked.registry, asked.names)
    until = asked.now + (rule.signal.lead or timedelta(0))
    found = gaps(reader, asked.staffing, now=asked.now, until=until)
    name = series_name(rule)
    if not rule.by:
        lacking = float(-found.groupby("ds")[GAP].sum().min()) if len(found) else None
        yield Measurement(name, labels_of(), lacking, 1, asked.as_of, None)
        return
    wanted = dict(rule.where).get("queue")
    for queue, least in found.groupby("unique_id")[GAP].min().items():
        if wanted in (None, queue):
            labels = labels_of(queue=str(queue))
            yield Measurement(name, labels, float(-least), 1, asked.as_of, None)


def pace_ahead(rule: Rule, asked: Asked) -> Iterator[Measurement]:
    """The share at which a marketplace KPI's window will end today."""
    reader = Reader(asked.connection, asked.zone, asked.registry, asked.names)
    found = pace(reader, rule.metric)
    value = None if isinstance(found, NoPace) else found.end
    yield Measurement(series_name(rule), labels_of(), value, 1, asked.as_of, None)


def overdue(rule: Rule, asked: Asked) -> Iterator[Measurement]:
    """How many items of a list have waited longer than they may."""
    after = rule.signal.after or timedelta(0)
    counts = dict.fromkeys([labels_of()] if not rule.by else [], 0)
    for source in _late(rule.metric, asked, after):
        labels = labels_of(source=source) if rule.by else labels_of()
        counts[labels] = counts.get(labels, 0) + 1
    for labels, count in sorted(counts.items()):
        yield Measurement(series_name(rule), labels, float(count), count, asked.as_of, None)


def risk(rule: Rule, asked: Asked) -> Iterator[Measurement]:
    """Complaint risk: jumps of a cluster, and whether the model is stale, off or drifting."""
    found = risk_measurements(asked.connection, rule.metric, asked.now, by=sorted(rule.by))
    for one in found:
        yield replace(one, metric=series_name(rule))


# --- their parts ---------------------------------------------------------------------------------


def _forecasts(rule: Rule, asked: Asked) -> Iterator[Published]:
    """The series of a measure that the rule is about: all together, or each queue."""
    by, where = set(rule.by), dict(rule.where)
    for one in current(asked.connection, now=asked.now, measure=rule.metric):
        key = one.key
        if one.model is None or bool(key.queue) != ("queue" in by):
            continue
        if bool(key.channel) != ("channel" in by):
            continue
        if where.get("queue", key.queue) == key.queue:
            yield one


def _ahead(one: Published, now: datetime, lead: timedelta | None) -> Published:
    first = to_micros(now) // (one.step_s * 1_000_000) * one.step_s * 1_000_000
    end = to_micros(now + (lead or timedelta(0))) // SLOT + 1
    return one.between(first // SLOT, end)


def _measured(rule: Rule, asked: Asked, one: Published, value: float | None) -> Measurement:
    labels = labels_of(queue=one.key.queue, channel=one.key.channel)
    return Measurement(series_name(rule), labels, value, 1, asked.as_of, None)


def _counted(rule: Rule, asked: Asked, one: Published, end: datetime) -> float | None:
    """What came in the step that ended at `end`."""
    by = tuple(name for name in ("channel", "queue") if getattr(one.key, name))
    found = trailing(
        asked.connection, _COUNTED[rule.metric], window=timedelta(seconds=one.step_s), by=by,
        as_of=end - timedelta(microseconds=1), zone=asked.zone, registry=asked.registry,
    )  # fmt: skip
    wanted = labels_of(queue=one.key.queue, channel=one.key.channel)
    for measured in found:
        if measured.labels == wanted:
            return measured.value
    return 0.0


def _late(items: str, asked: Asked, after: timedelta) -> Iterable[str]:
    """The source of each item that is overdue by more than `after`."""
    limit = to_micros(asked.as_of - after)
    if items == "risky_orders":
        return [one.source for one in overdue_items(asked.connection, asked.as_of - after)]
    if items == "negative_reviews":
        r = schema.ratings.c
        query = sa.select(r.source).where(
            r.kind == "review", r.answered_at.is_(None), raw(r.rated_at) < limit,
            raw(r.rated_at) >= limit - STALE_REVIEW // MICROSECOND,
            r.score <= r.scale * NEGATIVE,
        )  # fmt: skip
    else:
        o = schema.orders.c
        promise = sa.func.coalesce(raw(o.promised_ship_at), raw(o.paid_at) + PROMISE // MICROSECOND)
        due, open_as = (promise, ("paid",)) if items == "shipments" else (
            raw(o.promised_at), ("paid", "shipped")
        )  # fmt: skip
        query = sa.select(o.source).where(
            o.status.in_(open_as), o.delivered_at.is_(None), due < limit
        )
    return asked.connection.execute(query).scalars().all()
