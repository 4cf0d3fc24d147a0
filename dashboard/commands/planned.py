"""What `forecast` and `staffing` do without a file: the published forecasts of the shop."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pandas as pd

from connectors.store import Store
from dashboard.commands.options import settings_of, store_of
from dashboard.forecast_jobs import told
from dashboard.plan.frames import local_of
from dashboard.settings import Settings
from forecasting.errors import NoForecast
from forecasting.published import runs, store
from forecasting.published.overrides import adjusted, overrides
from forecasting.refresh.run import refresh_all, refresh_today
from forecasting.staffing.from_store import to_staff
from forecasting.staffing.handle_times import HandleTime
from forecasting.staffing.needs import ABANDONMENT, OCCUPANCY, SERVICE_LEVEL, staff
from forecasting.volume.series_from_store import name_of
from metrics.reading import Reader

_COLUMNS = ["unique_id", "ds", "agents", "scheduled", SERVICE_LEVEL, OCCUPANCY, ABANDONMENT]


def write_published(config: Path, measure: str, output: Path | None) -> None:
    """unique_id, ds (local), mean, bands, baseline, plain, model; from now on."""
    settings = settings_of(config)
    now, kept = datetime.now(UTC), store_of(settings)
    try:
        with kept.read() as connection:
            found = store.current(connection, now=now, measure=measure)
            until = now + settings.forecast.horizon + timedelta(days=2)
            changes = overrides(connection, measure=measure, since=now, until=until)
    finally:
        kept.close()
    seen = adjusted(found, changes)
    frame = store.as_frame(seen)
    if frame.empty:
        raise NoForecast(
            f"there is no forecast of {measure} yet; run `deskpulse forecast run` or a worker"
        )
    for one in seen:
        if one.why:
            click.echo(f"series '{name_of(one.key)}': no forecast ({one.why})", err=True)
    names = {one.key: name_of(one.key) for one in seen}
    keys = zip(frame["measure"], frame["queue"], frame["channel"], strict=True)
    by_parts = {(key.measure, key.queue, key.channel): name for key, name in names.items()}
    frame.insert(0, "unique_id", [by_parts[key] for key in keys])
    frame.insert(1, "ds", local_of(frame["at"], settings.app.timezone.key))
    frame = frame.drop(columns=["measure", "queue", "channel", "at", "step_s", "made_at"])
    _out(frame, output)


def staff_of_shop(config: Path, case: float | None) -> str:
    """CSV of agents per queue and step for what is forecast from now on."""
    settings = settings_of(config)
    now, kept = datetime.now(UTC), store_of(settings)
    try:
        return _staffed(kept, settings, case, now)
    finally:
        kept.close()


def _staffed(kept: Store, settings: Settings, case: float | None, now: datetime) -> str:
    with kept.read() as connection:
        until = now + settings.forecast.horizon + timedelta(days=2)
        reader = Reader(connection, settings.app.timezone, settings.kpis, settings.source_names)
        found = to_staff(reader, settings.staffing, now=now, since=now, until=until)
    if found is None:
        raise NoForecast(
            "there is no forecast to staff yet; run `deskpulse forecast run` or a worker"
        )
    for name, one in found.times.items():
        click.echo(_described(name, found.pools.get(name, ()), one), err=True)
    volume = found.volume(settings.staffing.case if case is None else case)
    needs = staff(volume, found.rules, step_s=found.step.total_seconds())
    needs["ds"] = local_of(needs["ds"], settings.app.timezone.key)
    text: str = needs[_COLUMNS].to_csv(index=False, lineterminator="\n")
    return text


def _described(name: str, queues: Sequence[str], time: HandleTime) -> str:
    what = f"pool '{name}' ({', '.join(queues)})" if queues else f"queue '{name}'"
    return f"{what}: handle time {time.seconds:.0f} s ({time.origin})"


def run_now(config: Path, kind: str) -> None:
    """Forecast and publish; a bar shows how far it is."""
    settings = settings_of(config)
    now, kept = datetime.now(UTC), store_of(settings)
    plan = settings.forecast_plan()
    try:
        if kind == runs.INTRADAY:
            click.echo(told(refresh_today(kept, plan, now=now)))
            return
        with click.progressbar(length=1, label="forecasting", file=sys.stderr) as bar:

            def progress(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            outcome = refresh_all(
                kept, plan, now=now, kind=None if kind == "due" else kind, progress=progress
            )
        click.echo(told(outcome))
    finally:
        kept.close()


def _out(frame: pd.DataFrame, output: Path | None) -> None:
    text = frame.to_csv(index=False, float_format="%.4f", lineterminator="\n")
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.BadParameter(f"'{output}' cannot be written: {error.strerror}") from None
    click.echo(f"{frame['unique_id'].nunique()} series, {len(frame):,} rows in {output}", err=True)
