"""`kpi`: values of a KPI from the store, never from a source. What the words mean and which KPIs
there are is definitions.py's."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from connectors.columns import from_micros
from dashboard.commands.definitions import say_definition, say_list
from dashboard.commands.options import (
    config_option,
    format_option,
    iso,
    moment,
    say_json,
    say_table,
    settings_of,
    span_or_none,
    store_of,
)
from dashboard.history.known import Known, known_of
from dashboard.settings import Settings
from metrics.errors import UnknownKpi
from metrics.kpi import Kpi
from metrics.live import source_states
from metrics.needs import left_out
from metrics.packs import outdated, pack_of
from metrics.query import KpiResult
from metrics.query import kpi as query_kpi
from metrics.reading import Reader, Where
from metrics.rows import KpiRow
from metrics.text import LANGUAGES, Language

FILTERS = ("queue", "channel", "team", "agent", "source")
SHOWN = 12  # names in a sentence


@dataclass(frozen=True, slots=True)
class Window:
    """The options that say which values are asked for, as they were written."""

    since: str | None
    until: str | None
    every: str | None
    by: str | None
    where: Where


@click.command()
@click.argument("key", required=False)
@click.option("--since", help="Start of the window, included (default: today's midnight).")
@click.option("--until", help="End of the window, left out (default: the last read).")
@click.option("--every", help="A row per interval: 30min, 1h, 1d.")
@click.option("--by", help="A row per label: queue, channel, source, team, agent, reason.")
@click.option("--queue", multiple=True, help="Only this queue; may be given more than once.")
@click.option("--channel", multiple=True, help="Only this channel.")
@click.option("--team", multiple=True, help="Only this team.")
@click.option("--agent", multiple=True, help="Only this agent, by id or name.")
@click.option("--source", multiple=True, help="Only this source.")
@click.option("--explain", is_flag=True, help="Print what KEY means instead of its values.")
@click.option("--list", "listing", is_flag=True, help="Print all KPIs, by pack.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Of --explain and --list.")
@config_option
@format_option("table", "csv", "json")
def kpi(
    key: str | None,
    explain: bool,
    listing: bool,
    lang: Language | None,
    config: Path,
    form: str,
    **options: Any,
) -> None:
    """A KPI over a window, or what it means (--explain), or which there are (--list).

    Example: deskpulse kpi first_response --since 2026-11-11 --every 30min --by queue
    """
    settings = settings_of(config)
    language = lang or settings.app.language
    if listing:
        _warn(outdated(settings.kpis, datetime.now(UTC).date()))
        say_list(settings.kpis, language, form)
        return
    if key is None:
        raise click.UsageError("name a KPI; `deskpulse kpi --list` shows which there are")
    found = _find(settings, key)
    parts = {one.key: one for one in (found, *settings.kpis.parts(found))}
    _warn(outdated(parts, datetime.now(UTC).date()))
    if explain:
        say_definition(found, language, form)
        return
    where = Where(**{name: options.pop(name) for name in FILTERS})
    result = _ask(found, settings, Window(**options, where=where))
    if form == "json":
        say_json(_document(result))
    else:
        _say(result, form)


def _ask(found: Kpi, settings: Settings, asked: Window) -> KpiResult:
    """The values; what makes them less than whole is said on stderr."""
    zone = settings.app.timezone
    store = store_of(settings)
    with store.read() as connection:
        known = known_of(connection, settings.source_names)
        where = replace(asked.where, agent=tuple(_agents(known, asked.where.agent)))
        result = query_kpi(
            connection, found.key, zone=zone, by=asked.by, every=span_or_none(asked.every),
            names=settings.source_names, registry=settings.kpis, where=where,
            since=moment(asked.since, zone) if asked.since else None,
            until=moment(asked.until, zone) if asked.until else None,
        )  # fmt: skip
        reader = Reader(connection, zone, settings.kpis, settings.source_names)
        doubts = [*_filling(reader, found), *left_out(reader, found.key)]
        doubts += _unknown_filters(known_of(connection, reader.sources), where)
    store.close()
    _warn(doubts)
    return result


def _agents(known: Known, asked: Iterable[str]) -> Iterator[str]:
    """Agents by id, or by a name that one of them has."""
    for wanted in asked:
        namesakes = known.agents_called(wanted)
        if wanted in known.labels["agent"] or not namesakes:
            yield wanted
        elif len(namesakes) == 1:
            yield namesakes[0]
        else:
            ids = ", ".join(namesakes)
            raise click.UsageError(
                f"{len(namesakes)} agents are called '{wanted}'; name one of {ids}"
            )


def _filling(reader: Reader, found: Kpi) -> Iterator[str]:
    for source in source_states(reader.connection, datetime.now(UTC), reader.names):
        if source.filling:
            yield (
                f"the history of source '{source.name}' is still being read; values are not whole"
            )
    for part in reader.registry.parts(found):
        if part.key in reader.filling:
            behind = reader.filling[part.key]
            day = iso(from_micros(behind.known_from), reader.zone)
            yield (
                f"'{part.key}' is new or changed and still being computed "
                f"({behind.share:.0%}): nothing is known before {day}; the worker goes on with it"
            )


def _unknown_filters(known: Known, where: Where) -> Iterator[str]:
    for name, values in where.asked.items():
        there = known.labels[name]
        shown = ", ".join(there[:SHOWN]) + (", …" if len(there) > SHOWN else "")
        for value in values:
            if value not in there:
                yield (
                    f"no row has the {name} '{value}': no data; was it renamed in the source? "
                    f"there are {shown or 'none'}"
                )


def _warn(sentences: list[str]) -> None:
    for sentence in sentences:
        click.echo(sentence, err=True)


def _document(result: KpiResult) -> dict[str, Any]:
    zone = result.zone
    return {
        "kpi": result.kpi.key,
        "unit": result.kpi.unit,
        "timezone": zone.key,
        "since": iso(result.since, zone),
        "until": iso(result.until, zone),
        "as_of": iso(result.as_of, zone),
        "rows": [_row(row, result) for row in result.rows],
    }


def _row(row: KpiRow, result: KpiResult) -> dict[str, Any]:
    zone = result.zone
    return {
        "from": iso(row.start or result.as_of, zone),
        "to": iso(row.end or result.as_of, zone),
        "labels": dict(row.labels),
        "n": row.n, "value": row.value,
        "p50": row.p50, "p90": row.p90, "p95": row.p95, "mean": row.mean,
    }  # fmt: skip


def _say(result: KpiResult, form: str) -> None:
    label = next((name for row in result.rows for name, _ in row.labels), None)
    head = ["from", "to", *([label] if label else []), "n", "value"]
    percentiles = ["p50", "p90", "p95", "mean"] if result.kpi.shape == "duration" else []
    rows = []
    for row in result.rows:
        document = _row(row, result)
        names = [value for _, value in row.labels]
        rows.append([document["from"], document["to"], *names, row.n, row.value,
                     *(document[p] for p in percentiles)])  # fmt: skip
    click.echo(f"{result.kpi.key} in {result.kpi.unit}, {result.zone.key}", err=True)
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([*head, *percentiles])
        writer.writerows(rows)
    else:
        say_table([*head, *percentiles], rows)


def _find(settings: Settings, key: str) -> Kpi:
    """The KPI of a key; of one that ships in a pack that is not loaded, says which pack."""
    pack = pack_of(key)
    if key not in settings.kpis and pack is not None:
        raise UnknownKpi(
            f"the KPI '{key}' belongs to the pack '{pack}', which is not loaded; add it to "
            "[kpis] packs in deskpulse.toml"
        )
    return settings.kpis.find(key)
