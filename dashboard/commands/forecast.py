"""`forecast volume` and `forecast backtest`: CSV in, CSV or a table out; no config, no store.
Without --input, `forecast volume` gives what was published; `forecast run` makes it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from dashboard.commands.options import config_option, format_option, say_json, say_table
from dashboard.settings import DEFAULT_FILE

F = TypeVar("F", bound=Callable[..., Any])
LOUD = 40  # notes shown
MEASURES = ("contacts", "handed", "orders", "cases")


@click.group()
def forecast() -> None:
    """Contact volume ahead, from CSV files of counts.

    Example: deskpulse forecast volume --input calls.csv --every 30min --timezone Asia/Shanghai
    """


def _series_options(command: F) -> F:
    for option in (
        click.option("--debug", is_flag=True, help="Show tracebacks.", expose_value=False),
        click.option("--processes", type=click.IntRange(1), default=None,
                     help="Processes for many series (default: one per core)."),
        click.option("--fast", is_flag=True, help="Without Prophet and LightGBM."),
        click.option("--country", help="Public holidays of this ISO country "
                     "(default: the country of the time zone; 'none' for no holidays)."),
        click.option("--timezone", "zone", help="Zone of the stamps."),
        click.option("--horizon", default="14d", show_default=True, help="How far ahead."),
        click.option("--every", help="Step of the series: 30min, 1h, 1d."),
        click.option("--input", "source", help="CSV of unique_id, ds, y.",
                     type=click.Path(path_type=Path, dir_okay=False)),
    ):  # fmt: skip
        command = option(command)
    return command


def _given(source: Path | None, every: str | None, zone: str | None) -> tuple[Path, str, str]:
    """The three that a CSV file needs; a usage error names what is missing."""
    for name, value in (("--input", source), ("--every", every), ("--timezone", zone)):
        if value is None:
            raise click.UsageError(f"Missing option '{name}'.")
    return source, every, zone  # type: ignore[return-value]  # just looked


@forecast.command()
@_series_options
@click.option("--level", default="80,95", show_default=True, help="Bands in per cent.")
@click.option("--events", type=click.Path(path_type=Path, dir_okay=False),
              help="CSV of kind, first, last: planned campaigns.")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False),
              help="CSV to write; without --input it may be left out.")  # fmt: skip
@click.option("--measure", type=click.Choice(MEASURES), default="contacts", show_default=True,
              help="Without --input: what is forecast.")  # fmt: skip
@click.option("-c", "--config", default=DEFAULT_FILE, show_default=True,
              type=click.Path(path_type=Path, dir_okay=False),
              help="Without --input: the configuration file.")  # fmt: skip
def volume(  # noqa: PLR0913 - one per option
    source: Path | None, every: str | None, horizon: str, zone: str | None, country: str | None,
    fast: bool, processes: int | None, level: str, events: Path | None, output: Path | None,
    measure: str, config: Path,
) -> None:  # fmt: skip
    """Forecast each series from the step after its last stamp; without --input, print what was
    published for the shop, planners' overrides included.

    Example: deskpulse forecast volume --input calls.csv --every 30min --horizon 14d
    --timezone Asia/Shanghai --country CN --output ahead.csv
    """
    if source is None and every is None and zone is None:
        from dashboard.commands.planned import write_published

        write_published(config, measure, output)
        return
    source, every, zone = _given(source, every, zone)
    if output is None:
        raise click.UsageError("Missing option '--output'.")
    from forecasting.volume.event_file import read_events
    from forecasting.volume.forecast import Options
    from forecasting.volume.history import read_csv
    from forecasting.volume.run import forecast_all
    from forecasting.volume.steps import parse_horizon, parse_levels, parse_step

    step = parse_step(every)
    local = _zone(zone)
    options = Options(
        step, parse_horizon(horizon, step), local, levels=parse_levels(level),
        country=_country(country, local), events=read_events(events) if events else (), fast=fast,
    )  # fmt: skip
    reading = read_csv(source, step=step, zone=local)
    made = forecast_all(reading, options, processes=processes or os.cpu_count() or 1)
    for name, note in (*made.notes, *made.unusable)[:LOUD]:
        click.echo(f"series '{name}': {note}", err=True)
    if made.frame.empty:
        raise _refused("no series could be forecast; every row needs a time and a count")
    frame = made.frame.assign(ds=made.frame["ds"].dt.strftime(reading.stamp_form))
    try:
        frame.to_csv(output, index=False, float_format="%.4f")
    except OSError as error:
        reason = error.strerror or "its folder does not exist"
        raise _refused(f"'{output}' cannot be written ({reason}); check --output") from None
    click.echo(f"{len(made.each)} series, {len(frame):,} rows in {output}", err=True)


@forecast.command()
@_series_options
@format_option("table", "json")
def backtest(  # noqa: PLR0913 - one per option
    source: Path | None, every: str | None, horizon: str, zone: str | None, country: str | None,
    fast: bool, processes: int | None, form: str,
) -> None:  # fmt: skip
    """How every model would have done on the last weeks, and which are used.

    Example: deskpulse forecast backtest --input calls.csv --every 30min --timezone Asia/Shanghai
    """
    source, every, zone = _given(source, every, zone)
    from forecasting.volume.forecast import Options
    from forecasting.volume.history import read_csv
    from forecasting.volume.run import forecast_all
    from forecasting.volume.steps import parse_horizon, parse_step

    step = parse_step(every)
    local = _zone(zone)
    options = Options(
        step, parse_horizon(horizon, step), local, country=_country(country, local), fast=fast
    )
    made = forecast_all(
        read_csv(source, step=step, zone=local), options, processes=processes or os.cpu_count() or 1
    )
    documents = [_document(one) for one in made.each]
    for name, why in made.unusable:
        click.echo(f"series '{name}': {why}", err=True)
    if form == "json":
        say_json({"every": every, "horizon": horizon, "timezone": zone, "series": documents})
        return
    for document in documents:
        click.echo(f"{document['unique_id']}: {document['origins']} origins, {document['chosen']}")
        names = ("model", "wape", "mase", "bias", "against_baseline", "weight")
        say_table(names, [[_figure(one[n]) for n in names] for one in document["models"]])


@forecast.command()
@click.option("--kind", type=click.Choice(("due", "choice", "full", "intraday")), default="due",
              show_default=True, help="due: everything, as the night would do it.")  # fmt: skip
@config_option
def run(kind: str, config: Path) -> None:
    """Forecast the shop now instead of tonight, and publish it.

    Example: deskpulse forecast run --kind choice
    """
    from dashboard.commands.planned import run_now

    run_now(config, kind)


def _document(made: Any) -> dict[str, Any]:
    models = [
        {"model": s.model, "wape": _plain(s.wape), "mase": _plain(s.mase), "bias": _plain(s.bias),
         "against_baseline": _plain(s.against_baseline), "weight": _plain(s.weight)}
        for s in made.scores()
    ]  # fmt: skip
    tested = made.tested
    return {
        "unique_id": str(made.frame["unique_id"].iloc[0]) if len(made.frame) else "",
        "origins": len(tested.origins) if tested else 0,
        "chosen": made.choice.name,
        "models": models,
        "notes": list(made.notes),
    }


def _plain(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def _figure(value: Any) -> Any:
    return f"{value:.4f}" if isinstance(value, float) else value


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter(
            f"'{name}' is not a time zone; write one like Asia/Shanghai", param_hint="--timezone"
        ) from None


def _country(given: str | None, zone: ZoneInfo) -> str | None:
    from forecasting.volume.day_calendar import country_of

    if given is None:
        return country_of(zone)
    return None if given.lower() == "none" else given.upper()


def _refused(sentence: str) -> Exception:
    from forecasting.volume.errors import BadSeries

    return BadSeries(sentence)
