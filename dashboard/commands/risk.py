"""`risk train`, `risk score`, `risk evaluate`: complaint risks, from the store's facts."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

import click
import numpy as np
import pandas as pd

from connectors.columns import from_micros, to_micros
from dashboard.commands.options import (
    config_option,
    format_option,
    iso,
    say_json,
    say_table,
    settings_of,
    store_of,
)
from dashboard.commands.options import moment as instant
from dashboard.settings import Settings
from forecasting.risk.errors import NothingToScore
from forecasting.risk.evaluation import Evaluation
from forecasting.risk.evaluation import evaluate as measured
from forecasting.risk.facts import Facts
from forecasting.risk.features.asof import Floats, Ints
from forecasting.risk.model import MomentModel, RiskModel
from forecasting.risk.moments import MOMENTS, labelled
from forecasting.risk.reading import read_facts
from forecasting.risk.score import COLUMNS, Scorer
from forecasting.risk.store import load_model, save_model
from forecasting.risk.training import train as fit
from forecasting.text import catalogue

moment_option = click.option(
    "--moment", type=click.Choice(list(MOMENTS)), default="order", show_default=True,
    help="When each order is scored: at its purchase, at its promised time, …",
)  # fmt: skip
since_option = click.option("--since", help="Purchases from here on (default: the model's as-of).")
until_option = click.option("--until", help="Purchases before this (default: now).")


@click.group()
def risk() -> None:
    """How likely each order is to end in a complaint, and why.

    Example: deskpulse risk train, then deskpulse risk score --moment promise --output risks.csv
    """


@risk.command()
@click.option("--as-of", "as_of", help="Fit on what was known at this instant (default: now).")
@config_option
@format_option("table", "json")
def train(as_of: str | None, config: Path, form: str) -> None:
    """Fit the risk models on what was known at an instant.

    Example: deskpulse risk train --as-of 2018-04-01
    """
    settings = settings_of(config)
    zone = settings.app.timezone
    at = instant(as_of, zone) if as_of else datetime.now(UTC)
    facts = _facts(settings)
    with click.progressbar(length=len(MOMENTS), label="fitting", file=sys.stderr) as bar:
        model = fit(
            facts, at, zone=zone, complaint=settings.risk.complaint(), said=lambda _: bar.update(1)
        )
    store = store_of(settings)
    with store.begin() as connection:
        save_model(connection, model, now=datetime.now(UTC), note="by_hand")
    store.close()
    _say_faults(facts.until(at), settings)
    if form == "json":
        say_json({"as_of": iso(at, zone), "moments": [_trained(one) for one in model.moments]})
        return
    head = ("moment", "orders", "complaints", "ROC", "rule's ROC", "PR", "rule's PR", "scored by")
    say_table(head, [_trained_row(one, settings) for one in model.moments])


@risk.command()
@moment_option
@since_option
@until_option
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A CSV file.")
@config_option
def score(
    moment: str, since: str | None, until: str | None, output: Path | None, config: Path
) -> None:
    """Score each order at its own moment, with the facts known then.

    Example: deskpulse risk score --moment promise --since 2018-04-01 --output risks.csv
    """
    settings = settings_of(config)
    model, facts = _model(settings), _facts(settings)
    rows = _rows(facts, model, settings.app.timezone, since, until)
    _say_faults(facts, settings)
    _say_rule(model.at(moment), settings)
    pages = Scorer(model, facts).pages(rows, moment, lang=settings.app.language)
    with click.progressbar(length=len(rows), label="scoring", file=sys.stderr) as bar:
        shown = _counted(pages, bar.update)
        if output is None:
            _write(shown, sys.stdout, settings.app.timezone)
            return
        try:
            with output.open("w", encoding="utf-8", newline="") as file:
                _write(shown, file, settings.app.timezone)
        except OSError as error:
            raise click.BadParameter(
                f"'{output.name}' cannot be written: {error.strerror}"
            ) from None


@risk.command()
@moment_option
@since_option
@until_option
@config_option
@format_option("table", "json")
def evaluate(moment: str, since: str | None, until: str | None, config: Path, form: str) -> None:
    """Compare scores with what came of the orders, beside the base rate and the simple rule.

    Example: deskpulse risk evaluate --moment promise --since 2018-04-01 --until 2018-09-01
    """
    settings = settings_of(config)
    zone = settings.app.timezone
    model, facts = _model(settings), _facts(settings)
    rows = _rows(facts, model, zone, since, until)
    scorer = Scorer(model, facts)
    known = labelled(facts, scorer.told, moment, by=to_micros(datetime.now(UTC)))
    rows = np.intersect1d(rows, known[0])
    if not len(rows):
        raise NothingToScore(
            "no order of this window has a known end; widen --since and --until or sync first"
        )
    if int(facts.instants("placed_at")[rows[0]]) < to_micros(model.as_of):
        click.echo("some of these orders were known when the model was fitted: its figures are "
                   "better than they will be", err=True)  # fmt: skip
    found = _evaluations(scorer, rows, moment)
    if form == "json":
        say_json({"moment": moment, "as_of": iso(model.as_of, zone),
                  "rows": [_evaluated(one) for one in found]})  # fmt: skip
        return
    figures = [("n", *(one.n for one in found)), *(
        (key, *(_figure(one, key) for one in found)) for key in found[0].figures
    )]  # fmt: skip
    click.echo(f"{found[0].n} orders, base rate {found[0].base:.4f}", err=True)
    say_table(("figure", *(one.name for one in found)), figures)


def _model(settings: Settings) -> RiskModel:
    store = store_of(settings)
    with store.read() as connection:
        model = load_model(connection)
    store.close()
    return model


def _facts(settings: Settings) -> Facts:
    store = store_of(settings)
    with store.read() as connection:
        facts = read_facts(connection)
    store.close()
    if not len(facts):
        raise NothingToScore("the store holds no orders; connect a shop and run `deskpulse sync`")
    return facts


def _rows(
    facts: Facts, model: RiskModel, zone: ZoneInfo, since: str | None, until: str | None
) -> Ints:
    placed = facts.instants("placed_at")
    start = to_micros(instant(since, zone) if since else model.as_of)
    end = to_micros(instant(until, zone) if until else datetime.now(UTC))
    if end <= start:
        raise click.BadParameter("--until must lie after --since")
    return np.flatnonzero((placed >= start) & (placed < end))


def _counted(pages: Iterable[pd.DataFrame], said: Callable[[int], None]) -> Iterator[pd.DataFrame]:
    for page in pages:
        yield page
        said(len(page))


def _write(pages: Iterable[pd.DataFrame], file: TextIO, zone: ZoneInfo) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for page in pages:
        columns = [page[name].tolist() for name in COLUMNS]
        columns[2] = [iso(from_micros(at), zone) for at in columns[2]]
        columns[3] = [f"{p:.6f}" for p in columns[3]]
        writer.writerows(zip(*columns, strict=True))


def _evaluations(scorer: Scorer, rows: Ints, moment: str) -> list[Evaluation]:
    bad = scorer.told.bad[rows]
    modelled, ruled = scorer.probabilities(rows, moment)
    fitted = scorer.model.at(moment)
    base: Floats = np.full(len(rows), fitted.bad / fitted.orders if fitted.orders else 0.5)
    name = "rule" if fitted.fit is None else fitted.fit.kind
    ways = [(name, modelled), ("simple rule", ruled), ("base rate", base)]
    return [measured(way, bad, p) for way, p in ways]


def _evaluated(one: Evaluation) -> dict[str, Any]:
    figures = {key: {"value": f.value, "low": f.low, "high": f.high}
               for key, f in one.figures.items()}  # fmt: skip
    return {"name": one.name, "n": one.n, "base_rate": one.base, **figures}


def _figure(one: Evaluation, key: str) -> str | None:
    figure = one.figures[key]
    if figure.value is None:
        return None
    if figure.low is None:
        return f"{figure.value:.4f}"
    return f"{figure.value:.4f} ({figure.low:.4f}–{figure.high:.4f})"


def _trained(one: MomentModel) -> dict[str, Any]:
    return {
        "moment": one.moment, "orders": one.orders, "complaints": one.bad,
        "model": None if one.fit is None else one.fit.kind, "why": one.why,
        "constant": list(one.constant), "proof": [_evaluated(e) for e in one.proof],
    }  # fmt: skip


def _trained_row(one: MomentModel, settings: Settings) -> tuple[object, ...]:
    figures = [e.figures[key].value for key in ("roc_auc", "pr_auc") for e in one.proof]
    told = [None if value is None else f"{value:.3f}" for value in figures] or [None] * 4
    why = _why(one, settings)
    by = f"rule: {why}" if one.fit is None else one.fit.kind
    return (one.moment, one.orders, one.bad, *told, by)


def _why(one: MomentModel, settings: Settings) -> str:
    return catalogue().t(f"risk.why.{one.why}", settings.app.language) if one.why else ""


def _say_rule(one: MomentModel, settings: Settings) -> None:
    if one.fit is None:
        click.echo(f"{one.moment}: scored by the simple rule, {_why(one, settings)}", err=True)
    elif one.constant:
        click.echo(f"left out for being constant: {', '.join(one.constant)}", err=True)


def _say_faults(facts: Facts, settings: Settings) -> None:
    for fault in facts.faults:
        text = catalogue().t(f"risk.fault.{fault.key}", settings.app.language)
        click.echo(f"{fault.n} × {text}", err=True)
