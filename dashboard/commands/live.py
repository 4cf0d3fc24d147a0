"""`live`: who waits now, from the store and never from a source."""

from __future__ import annotations

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
    say_json,
    say_table,
    settings_of,
    store_of,
)
from metrics.live import LiveState, QueueState, live_state

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
