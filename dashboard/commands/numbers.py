"""`live` and `kpi`: numbers from the store, never from a source."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

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
from metrics.kpi import KPIS, find
from metrics.live import LiveState, QueueState, live_state, source_states
from metrics.query import KpiResult, KpiRow
from metrics.query import kpi as query_kpi

_COUNTS = ("waiting", "open", "bot", "snoozed", "unassigned", "longest_wait_s",
           "longest_wait_cut_s", "waiting_over_cut", "oldest_wait_s",
           "agents_available")  # fmt: skip


@click.command()
@config_option
@format_option("table", "json")
def live(config: Path, form: str) -> None:
    """Who waits now, per queue.

    Example: deskpulse live --format json
    """
    settings = settings_of(config)
    store = store_of(settings)
    with store.read() as connection:
        state = live_state(
            connection, now=datetime.now(UTC), settings=settings.live.settings(),
            names=settings.source_names,
        )  # fmt: skip
    store.close()
    if form == "json":
        say_json(_live_document(state, settings.app.timezone))
    else:
        _say_live(state, settings.app.timezone)


def _live_document(state: LiveState, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "as_of": iso(state.as_of, zone),
        "sources": [
            {"name": s.name, "status": s.status, "as_of": iso(s.as_of, zone),
             "lag_s": s.lag_s, "error": s.error}
            for s in state.sources
        ],
        "queues": [
            {"queue": q.queue, "channel": q.channel, "source": q.source, **_counts(q)}
            for q in state.queues
        ],
        "total": _counts(state.total),
    }  # fmt: skip


def _counts(queue: QueueState) -> dict[str, Any]:
    values = asdict(queue)
    if not queue.waits_known:
        values |= dict.fromkeys(("waiting", "waiting_over_cut", "longest_wait_s", "oldest_wait_s"))
    if not queue.agents_known:
        values["unassigned"] = None
    return {name: values[name] for name in _COUNTS}


def _say_live(state: LiveState, zone: ZoneInfo) -> None:
    for source in state.sources:
        seen = iso(source.as_of, zone) or "never"
        error = f": {source.error}" if source.error else ""
        click.echo(f"source {source.name}: {source.status}, last read {seen}{error}", err=True)
    names = ("waiting", "longest_wait_s", "waiting_over_cut", "open", "bot", "snoozed",
             "unassigned", "agents_available")  # fmt: skip
    rows = [(q.queue, q.channel, *(_counts(q)[name] for name in names)) for q in state.queues]
    total = ("total", "", *(_counts(state.total)[name] for name in names))
    say_table(("queue", "channel", *names), [*rows, total])


@click.command(epilog=f"KEY is one of {', '.join(KPIS)}.")
@click.argument("key")
@click.option("--since", help="Start of the window, included (default: today's midnight).")
@click.option("--until", help="End of the window, left out (default: the last read).")
@click.option("--every", help="A row per interval: 30min, 1h, 1d.")
@click.option("--by", help="A row per label: queue, channel, source, team, agent, reason.")
@config_option
@format_option("table", "csv", "json")
def kpi(  # noqa: PLR0913 - one per option
    key: str,
    since: str | None,
    until: str | None,
    every: str | None,
    by: str | None,
    config: Path,
    form: str,
) -> None:
    """A KPI over a window; docs/kpis.md says what each means.

    Example: deskpulse kpi first_response --since 2026-11-11 --every 30min --by queue
    """
    find(key)
    settings = settings_of(config)
    zone = settings.app.timezone
    store = store_of(settings)
    with store.read() as connection:
        result = query_kpi(
            connection, key, zone=zone, by=by, every=span_or_none(every),
            names=settings.source_names,
            since=moment(since, zone) if since else None,
            until=moment(until, zone) if until else None,
        )  # fmt: skip
        filling = [one.name for one in source_states(connection, datetime.now(UTC)) if one.filling]
    store.close()
    for name in filling:
        click.echo(
            f"the history of source '{name}' is still being read; values are not whole", err=True
        )
    if form == "json":
        say_json(_kpi_document(result))
    else:
        _say_kpi(result, form)


def _kpi_document(result: KpiResult) -> dict[str, Any]:
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


def _say_kpi(result: KpiResult, form: str) -> None:
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
