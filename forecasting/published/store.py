"""Published forecasts in the store: saving those of a run, reading what is forecast now and what
was forecast then.

Only runs that were published as a whole are read. Planners' overrides are overrides.py's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from connectors.columns import from_micros, to_micros
from connectors.dirty import SLOT
from connectors.forecast_tables import forecast_runs, forecast_scores, forecasts
from forecasting.published import runs
from forecasting.published.points import pack, pack_slots, unpack, unpack_slots
from forecasting.published.runs import INTRADAY, WHOLE, latest
from forecasting.published.series import COLUMNS, Published, SeriesKey
from forecasting.volume.table import ModelScore


def save(
    connection: sa.Connection, run: int, found: Published, scores: Sequence[ModelScore] = ()
) -> None:
    """One series of a run; saving it again after a crash replaces what was there."""
    table, key = forecasts, found.key
    mine = (
        (table.c.run_id == run) & (table.c.measure == key.measure)
        & (table.c.queue == key.queue) & (table.c.channel == key.channel)
    )  # fmt: skip
    old = [row[0] for row in connection.execute(sa.select(table.c.id).where(mine))]
    if old:
        connection.execute(forecast_scores.delete().where(forecast_scores.c.forecast_id.in_(old)))
        connection.execute(table.delete().where(mine))
    columns = [name for name in COLUMNS if name in found.values]
    slots = found.slots
    width = found.step_s * 1_000_000 // SLOT
    values = {
        "run_id": run, "measure": key.measure, "queue": key.queue, "channel": key.channel,
        "model": found.model, "why": found.why, "step_s": found.step_s,
        "first_slot": int(slots[0]) if len(slots) else 0,
        "end_slot": int(slots[-1] + width) if len(slots) else 0,
        "columns": ",".join(columns), "slots": pack_slots(slots),
        "points": pack(found.values, columns), "weights": json.dumps(found.weights),
        "origins": found.origins, "days": found.days,
        "notes": json.dumps(found.notes, ensure_ascii=False),
    }  # fmt: skip
    made = connection.execute(table.insert().values(values)).inserted_primary_key
    if made is not None and scores:
        rows = [_score_row(int(made[0]), one) for one in scores]
        connection.execute(forecast_scores.insert(), rows)


def _score_row(forecast: int, one: ModelScore) -> dict[str, Any]:
    figures = {
        "wape": one.wape, "mase": one.mase, "bias": one.bias,
        "against_baseline": one.against_baseline,
    }  # fmt: skip
    known = {name: value if np.isfinite(value) else None for name, value in figures.items()}
    return {"forecast_id": forecast, "model": one.model, "weight": one.weight, **known}


def saved_keys(connection: sa.Connection, run: int) -> set[SeriesKey]:
    """Which series of an unfinished run are done."""
    table = forecasts.c
    query = sa.select(table.measure, table.queue, table.channel).where(table.run_id == run)
    return {SeriesKey(*row) for row in connection.execute(query)}


def unpublished(connection: sa.Connection, run: int) -> tuple[Published, ...]:
    """All series of a run that goes on."""
    return _read(connection, _select(runs.RUNNING).where(forecasts.c.run_id == run))


def change_points(connection: sa.Connection, one: Published) -> None:
    """Other numbers for a series of a run that goes on; its back-test stays."""
    columns = [name for name in COLUMNS if name in one.values]
    connection.execute(
        forecasts.update()
        .where(forecasts.c.id == one.id)
        .values(points=pack(one.values, columns), notes=json.dumps(one.notes, ensure_ascii=False))
    )


def current(
    connection: sa.Connection, *, now: datetime, measure: str | None = None
) -> tuple[Published, ...]:
    """What is forecast as of `now`, per series: the newest whole run, its today updated by the
    newest intraday run since. With series that have no forecast, and why. Empty before the first
    run."""
    whole = latest(connection, WHOLE, before=now)
    if whole is None:
        return ()
    found = of_runs(connection, [whole.id], measure=measure)
    update = latest(connection, (INTRADAY,), before=now)
    if update is None or update.finished_at is None or whole.finished_at is None:
        return found
    if update.cutoff <= whole.cutoff:
        return found
    newer = {one.key: one for one in of_runs(connection, [update.id], measure=measure)}
    return tuple(
        one.updated(newer[one.key]) if one.key in newer and one.model else one for one in found
    )


def of_runs(
    connection: sa.Connection, numbers: Sequence[int], *, measure: str | None = None
) -> tuple[Published, ...]:
    """All series of these runs, ordered by series."""
    query = _select().where(forecasts.c.run_id.in_(numbers))
    if measure is not None:
        query = query.where(forecasts.c.measure == measure)
    return _read(connection, query)


def versions(  # noqa: PLR0913 - a window is two of them
    connection: sa.Connection,
    *,
    since: datetime,
    until: datetime,
    measure: str,
    keys: Collection[SeriesKey] | None = None,
    kinds: Collection[str] = WHOLE,
    made_since: datetime | None = None,
) -> tuple[Published, ...]:
    """Every published forecast that reaches into [since, until), ordered by series and made_at."""
    query = _select().where(
        forecasts.c.measure == measure,
        forecasts.c.first_slot < to_micros(until) // SLOT,
        forecasts.c.end_slot > to_micros(since) // SLOT,
        forecast_runs.c.kind.in_(kinds),
        forecasts.c.model.is_not(None),
    )
    if made_since is not None:
        query = query.where(forecast_runs.c.finished_at >= made_since)
    if keys is not None:
        query = query.where(
            sa.or_(*(
                (forecasts.c.queue == key.queue) & (forecasts.c.channel == key.channel)
                for key in keys
            ))
        )  # fmt: skip
    return _read(connection, query)


def scores_of(connection: sa.Connection, forecast: int) -> tuple[ModelScore, ...]:
    """The back-test behind a forecast, best first; what isn't known is NaN."""
    table = forecast_scores.c
    query = sa.select(
        table.model, table.wape, table.mase, table.bias, table.against_baseline, table.weight
    ).where(table.forecast_id == forecast)  # fmt: skip
    rows = [
        ModelScore(name, *(np.nan if value is None else float(value) for value in figures))
        for name, *figures in connection.execute(query)
    ]
    return tuple(sorted(rows, key=lambda one: (np.isnan(one.wape), one.wape)))


def as_frame(found: Sequence[Published]) -> pd.DataFrame:
    """One row per series and step: measure, queue, channel, at (µs since 1970 UTC, start of the
    step), step_s, COLUMNS, `plain` (the mean before overrides), model, made_at (µs). Series
    without a forecast have no row."""
    parts = []
    for one in found:
        if one.model is None or not len(one.slots):
            continue
        parts.append(
            pd.DataFrame({
                "measure": one.key.measure, "queue": one.key.queue, "channel": one.key.channel,
                "at": one.slots * SLOT, "step_s": one.step_s, "plain": one.values["mean"],
                **one.values, "model": one.model,
                "made_at": to_micros(one.updated_at or one.made_at),
            })
        )  # fmt: skip
    if not parts:
        names = ["measure", "queue", "channel", "at", "step_s", "plain", *COLUMNS, "model",
                 "made_at"]  # fmt: skip
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)


def _select(state: str = runs.PUBLISHED) -> sa.Select[Any]:
    run = forecast_runs.c
    return (
        sa.select(forecasts, run.kind, run.cutoff, run.finished_at)
        .join(forecast_runs, run.id == forecasts.c.run_id)
        .where(run.state == state)
        .order_by(
            forecasts.c.measure, forecasts.c.queue, forecasts.c.channel, run.finished_at,
            forecasts.c.id,
        )
    )  # fmt: skip


def _read(connection: sa.Connection, query: sa.Select[Any]) -> tuple[Published, ...]:
    found = []
    for row in connection.execute(query).mappings():
        columns = row["columns"].split(",") if row["columns"] else []
        found.append(
            Published(
                id=row["id"], key=SeriesKey(row["measure"], row["queue"], row["channel"]),
                kind=row["kind"], cutoff=row["cutoff"],
                made_at=row["finished_at"] or from_micros(0), model=row["model"], why=row["why"],
                step_s=row["step_s"], slots=unpack_slots(row["slots"]),
                values=unpack(row["points"], columns),
                weights=tuple((name, weight) for name, weight in json.loads(row["weights"])),
                origins=row["origins"], days=row["days"], notes=tuple(json.loads(row["notes"])),
            )
        )  # fmt: skip
    return tuple(found)
