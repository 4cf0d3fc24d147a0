"""`staffing`: agents needed for a CSV file of volumes; works without configuration or store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dashboard.settings import DEFAULT_FILE
from forecasting.staffing.errors import BadRules, BadVolume
from forecasting.staffing.needs import (
    ABANDONMENT,
    AGENTS,
    OCCUPANCY,
    SCHEDULED,
    SERVICE_LEVEL,
    staff,
)
from forecasting.staffing.rules import StaffingRules, exact_share, parse_seconds, parse_target
from forecasting.staffing.volumes import in_order, read_volume, step_seconds

COLUMNS = ["unique_id", "ds", AGENTS, SCHEDULED, SERVICE_LEVEL, OCCUPANCY, ABANDONMENT]


@click.command()
@click.option("--input", "source", metavar="FILE",
              type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="CSV of unique_id, ds, y, or a forecast; without it the shop's.")  # fmt: skip
@click.option("--aht", help="Mean handle time of a contact: 240 or 4m.")
@click.option("--target", help="Service level: 0.8/30s.")
@click.option("--patience", help="Mean patience, for Erlang A: 120s. Without it nobody leaves.")
@click.option("--concurrency", default="1", show_default=True, help="Contacts at once per agent.")
@click.option("--shrinkage", default="0", show_default=True, help="Paid time off the queue: 0.3.")
@click.option("--max-occupancy", help="Cap on the busy share of seats: 0.85.")
@click.option("--minimum", default=0, show_default=True, type=click.IntRange(min=0),
              help="Least agents in slots with contacts.")  # fmt: skip
@click.option("--case", help="Staff for the volume not exceeded in this share of cases: 0.8.")
@click.option("--every", help="The step, when the spacing of ds doesn't tell: 30min.")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="CSV to write; without it, the terminal.")  # fmt: skip
@click.option("-c", "--config", default=DEFAULT_FILE, show_default=True,
              type=click.Path(path_type=Path, dir_okay=False),
              help="Without --input: the configuration file; its [staffing] holds.")  # fmt: skip
@click.option("--debug", is_flag=True, help="Show tracebacks.", expose_value=False)
def staffing(  # noqa: PLR0913 - one per option
    source: Path | None,
    aht: str | None,
    target: str | None,
    patience: str | None,
    concurrency: str,
    shrinkage: str,
    max_occupancy: str | None,
    minimum: int,
    case: str | None,
    every: str | None,
    output: Path | None,
    config: Path,
) -> None:
    """Agents needed for a volume; docs/staffing.md has the definitions and formulas. Without
    --input: for what is forecast for the shop, with the targets of its configuration.

    Example: deskpulse staffing --input volume.csv --aht 240 --target 0.8/30s --output staff.csv
    """
    if source is None:
        from dashboard.commands.planned import staff_of_shop

        text = staff_of_shop(config, None if case is None else _number(case, "--case"))
        sys.stdout.write(text) if output is None else _write(output, text)
        return
    if aht is None or target is None:
        raise click.UsageError(f"Missing option '{'--aht' if aht is None else '--target'}'.")
    share, within_s = parse_target(target)
    rules = StaffingRules(
        share, within_s,
        aht_s=parse_seconds(aht, what="the handle time"),
        concurrency=_whole(concurrency),
        patience_s=None if patience is None else parse_seconds(patience, what="the patience"),
        shrinkage=exact_share(shrinkage),
        most_occupancy=None if max_occupancy is None else _number(max_occupancy, "--max-occupancy"),
        minimum=minimum,
    )  # fmt: skip
    volume = read_volume(source, case=None if case is None else _number(case, "--case"))
    every_s = None if every is None else parse_seconds(every, what="--every")
    needs = staff(volume, rules, step_s=step_seconds(volume, every_s=every_s))
    if not in_order(volume):
        click.echo("the rows aren't in time order; the output keeps the input's order", err=True)
    text = needs[COLUMNS].to_csv(index=False, lineterminator="\n")
    if output is None:
        sys.stdout.write(text)
    else:
        _write(output, text)


def _whole(text: str) -> int:
    if not text.strip().isdecimal():
        raise BadRules(
            f"a concurrency of '{text[:40]}' is impossible; "
            "give a whole number of contacts at once, 1 or more"
        )
    return int(text)


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadRules(f"{option} '{text[:40]}' isn't a number; write for example 0.8") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadVolume(f"can't write '{path}': {error.strerror or error}") from None
