"""Planners' overrides: kept with author, reason and end, and applied to published forecasts.

A forecast itself is never changed: what a planner sees is the forecast and the overrides on top,
and both are measured later. An override of a series changes all parts of it alike, and the sums
above it follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from connectors.columns import to_micros
from connectors.dirty import SLOT
from connectors.forecast_tables import forecast_overrides
from forecasting.errors import BadOverride
from forecasting.published.series import BAND_COLUMNS, MEAN, PLAIN, Published, SeriesKey, Slots
from forecasting.volume.history import Floats

MULTIPLY, SET, ADD, SHIFT = "multiply", "set", "add", "shift"
KINDS: Final = (MULTIPLY, SET, ADD, SHIFT)
LONGEST: Final = timedelta(days=100)
NOTHING: Final = 1e-6  # contacts: less is none, and has no shape
_MOST = {MULTIPLY: 100.0, SET: 1e7, ADD: 1e7, SHIFT: 24 * 60.0}
_QUANTILE = {80: 1.2816, 95: 1.96}  # of the normal distribution, for steps nothing was forecast in

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Override:
    """multiply: times `amount`. set: the whole span holds `amount` contacts, in the shape forecast.
    add: `amount` contacts more (or fewer) over the span, in that shape. shift: the span's course
    comes `amount` minutes later (earlier below 0); what moves beyond the span is kept at its edge.

    It acts on steps that start in [starts_at, ends_at), after it was made, and not from
    `expires_at` or `withdrawn_at` on: what planners saw before a step is so what they are measured
    by.
    """

    key: SeriesKey
    starts_at: datetime
    ends_at: datetime
    kind: str
    amount: float
    author: str
    reason: str
    made_at: datetime
    expires_at: datetime | None = None
    withdrawn_at: datetime | None = None
    id: int = 0

    def acts_from(self, lead: timedelta = timedelta(0)) -> datetime:
        """Steps from here on had it `lead` before they began."""
        return max(self.starts_at, self.made_at + lead)

    def acts_until(self) -> datetime:
        ends = (self.ends_at, self.expires_at, self.withdrawn_at)
        return min(one for one in ends if one is not None)


def check(one: Override) -> None:
    """BadOverride says in a sentence what is wrong with it."""
    if one.kind not in KINDS:
        raise BadOverride(f"'{one.kind}' is no kind of override; use {', '.join(KINDS)}")
    if not one.author.strip() or not one.reason.strip():
        raise BadOverride("an override needs your name and a reason; write both")
    if not timedelta(0) < one.ends_at - one.starts_at <= LONGEST:
        raise BadOverride(f"an override lasts from one step to {LONGEST.days} days; mend its end")
    low = {MULTIPLY: 0.0, SET: 0.0}.get(one.kind, -_MOST[one.kind])
    if not (np.isfinite(one.amount) and low <= one.amount <= _MOST[one.kind]):
        raise BadOverride(
            f"{one.kind} by {one.amount:g} is out of reach; give {low:g} to {_MOST[one.kind]:g}"
        )
    if one.expires_at is not None and one.expires_at <= one.starts_at:
        raise BadOverride("the override would expire before it starts; give a later expiry")


def add(connection: sa.Connection, one: Override) -> int:
    """Keep a checked override; returns its id."""
    check(one)
    values = {
        "measure": one.key.measure, "queue": one.key.queue, "channel": one.key.channel,
        "starts_at": one.starts_at, "ends_at": one.ends_at, "kind": one.kind,
        "amount": float(one.amount), "author": one.author.strip(), "reason": one.reason.strip(),
        "made_at": one.made_at, "expires_at": one.expires_at,
    }  # fmt: skip
    made = connection.execute(forecast_overrides.insert().values(values)).inserted_primary_key
    return int(made[0]) if made else 0


def withdraw(connection: sa.Connection, override: int, *, by: str, now: datetime) -> bool:
    """Take it back from now on; False when it was already."""
    table = forecast_overrides
    changed = connection.execute(
        table.update()
        .where(table.c.id == override, table.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=by)
    )
    return changed.rowcount > 0


def overrides(
    connection: sa.Connection, *, measure: str, since: datetime, until: datetime
) -> tuple[Override, ...]:
    """All that reach into [since, until), withdrawn ones too, in the order they were made."""
    table = forecast_overrides.c
    query = (
        sa.select(forecast_overrides)
        .where(table.measure == measure, table.starts_at < until, table.ends_at > since)
        .order_by(table.made_at, table.id)
    )
    return tuple(
        Override(
            SeriesKey(row["measure"], row["queue"], row["channel"]), row["starts_at"],
            row["ends_at"], row["kind"], row["amount"], row["author"], row["reason"],
            row["made_at"], row["expires_at"], row["withdrawn_at"], row["id"],
        )
        for row in connection.execute(query).mappings()
    )  # fmt: skip


def adjusted(
    forecasts: Sequence[Published],
    changes: Sequence[Override],
    *,
    lead: timedelta = timedelta(0),
) -> tuple[Published, ...]:
    """The forecasts as planners saw them `lead` before each step, with PLAIN beside the mean.

    `forecasts` are all series of a measure, so that sums above and parts below follow.
    """
    made = {one.key: one for one in forecasts if one.model}
    means = {key: one.values[MEAN].copy() for key, one in made.items()}
    slots = {key: one.slots for key, one in made.items()}
    for change in changes:
        if change.key in means:
            _apply(change, means, slots, lead)
    return tuple(_with_mean(one, means[one.key]) if one.model else one for one in forecasts)


def _apply(
    change: Override,
    means: dict[SeriesKey, Floats],
    slots: dict[SeriesKey, Slots],
    lead: timedelta,
) -> None:
    """Change the smallest parts of the series; every sum above them moves by as much."""
    target, mine = means[change.key], slots[change.key]
    inside = _inside(change, mine, lead)
    if not inside.any():
        return
    changed = target.copy()
    changed[inside] = _changed(change, target[inside], mine[inside])
    leaves = [key for key in means if change.key.holds(key) and _is_leaf(key, means)]
    weights = np.array([means[key].sum() for key in leaves]) + 1e-9
    for key, share in zip(leaves, weights / weights.sum(), strict=True):
        before = means[key]
        if change.kind == SHIFT:
            after = before.copy()
            there = _inside(change, slots[key], lead)
            after[there] = _changed(change, before[there], slots[key][there])
        else:
            after = _in_proportion(before, share, target=_at(slots[key], mine, target),
                                   changed=_at(slots[key], mine, changed))  # fmt: skip
        means[key] = after
        for above in means:
            if above.holds(key) and above != key:
                moved = _at(slots[above], slots[key], after - before)
                means[above] = np.clip(means[above] + np.nan_to_num(moved), 0, None)


def _is_leaf(key: SeriesKey, means: Mapping[SeriesKey, Floats]) -> bool:
    return not any(key.holds(other) for other in means if other != key)


def _in_proportion(before: Floats, share: float, *, target: Floats, changed: Floats) -> Floats:
    """A part moves like the whole; where nothing was forecast it takes its usual share."""
    some = target > NOTHING
    factor = np.divide(changed, target, out=np.ones_like(target), where=some)
    after = np.where(some, before * factor, changed * share)
    return np.asarray(np.where(np.isfinite(target) & (changed != target), after, before))


def _at(slots: Slots, theirs: Slots, values: Floats) -> Floats:
    """Values of other steps at these; NaN at steps they don't have."""
    where = np.clip(np.searchsorted(theirs, slots), 0, len(theirs) - 1)
    return np.where(theirs[where] == slots, values[where], np.nan)


def _inside(change: Override, slots: Slots, lead: timedelta) -> Bools:
    at = slots * SLOT
    first, end = to_micros(change.acts_from(lead)), to_micros(change.acts_until())
    return np.asarray((at >= first) & (at < end))


def _changed(change: Override, mean: Floats, slots: Slots) -> Floats:
    if change.kind == MULTIPLY:
        return mean * change.amount
    if change.kind == SHIFT:
        minutes = slots.astype(np.float64) * 15
        return np.interp(minutes - change.amount, minutes, mean)
    whole = float(mean.sum())
    wanted = change.amount if change.kind == SET else max(0.0, whole + change.amount)
    if whole > NOTHING:
        return mean * (wanted / whole)
    return np.full(len(mean), wanted / len(mean))


def _with_mean(one: Published, mean: Floats) -> Published:
    """Bands keep their width in proportion to the mean; out of nothing they are chance alone."""
    plain = one.values[MEAN]
    ratio = np.divide(mean, plain, out=np.ones_like(mean), where=plain > NOTHING)
    values = dict(one.values) | {MEAN: mean, PLAIN: plain}
    born = (plain <= NOTHING) & (mean > 0)
    for name in BAND_COLUMNS:
        if name not in one.values:
            continue
        side, level = name.split("-")
        chance = _QUANTILE[int(level)] * np.sqrt(mean)
        bare = np.clip(mean - chance, 0, None) if side == "lo" else mean + chance
        values[name] = np.where(born, bare, one.values[name] * ratio)
    return replace(one, values=values)
