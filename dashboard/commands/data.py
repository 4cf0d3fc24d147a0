"""`sync`, `migrate` and `rebuild`: filling and keeping the store by hand."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from connectors.connect import connect
from connectors.errors import SourceError
from connectors.ledger import record_failure
from connectors.rejections import Rejection, rejections
from connectors.settings import SourceSettings
from connectors.store import Store
from connectors.sync import Progress, SourceSync
from dashboard.commands.options import (
    config_option,
    format_option,
    say_json,
    say_table,
    settings_of,
    store_of,
)
from dashboard.errors import SettingsError
from metrics import refresh
from metrics.kpi import Registry


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync of one source came to."""

    name: str
    rows: int
    rejected: tuple[Rejection, ...]
    error: SourceError | None = None


@click.command()
@config_option
@format_option("table", "json")
@click.option("--quick", is_flag=True, help="Do not compare every row with the source.")
def sync(config: Path, form: str, quick: bool) -> None:
    """Bring the store in step with every source: history first, then what changed.

    Example: deskpulse sync -c deskpulse.toml --format json
    """
    settings = settings_of(config)
    if not settings.sources:
        raise SettingsError(["no source is connected; add a [[sources]] section"])
    store = store_of(settings, migrate=True)
    runs = [_Run(store, source, settings.folder) for source in settings.sources]
    for run in runs:
        run.attempt(lambda syncing: _history(syncing, quick=quick))
    _compute(store, settings.kpis)
    for run in runs:  # last of all, so that the live state is of now
        run.attempt(lambda syncing: syncing.poll(datetime.now(UTC)))
    refresh.refresh(store, settings.kpis)
    done = [run.result() for run in runs]
    store.close()
    if form == "json":
        say_json({"sources": [_document(one) for one in done]})
    else:
        _say(done)
    failed = [one.error for one in done if one.error is not None]
    for error in failed[1:]:
        click.echo(f"deskpulse: {error}", err=True)
    if failed:
        raise failed[0]


class _Run:
    """The sync of one source; after a failure it does nothing more."""

    def __init__(self, store: Store, settings: SourceSettings, folder: Path) -> None:
        self._store = store
        self._settings = settings
        self._folder = folder
        self._syncing: SourceSync | None = None
        self._error: SourceError | None = None

    def attempt(self, work: Callable[[SourceSync], None]) -> None:
        """Do some work; an error of the source is kept for the result, and for the pages."""
        if self._error is not None:
            return
        try:
            if self._syncing is None:
                self._syncing = SourceSync(self._store, connect(self._settings, self._folder))
            work(self._syncing)
        except SourceError as error:
            self._error = error
            record_failure(self._store, self._settings, datetime.now(UTC), error)

    def result(self) -> Synced:
        if self._syncing is not None:
            self._syncing.source.close()
        with self._store.read() as connection:
            found = rejections(connection, self._settings.name)
        rows = self._syncing.rows if self._syncing is not None else 0
        return Synced(self._settings.name, rows, found, self._error)


def _history(syncing: SourceSync, *, quick: bool) -> None:
    name = syncing.source.name
    known = syncing.complete
    _show(f"{name}: history", _pages(syncing))
    if known and not quick:
        syncing.poll(datetime.now(UTC))
        _show(f"{name}: comparing", syncing.reconcile(lambda: datetime.now(UTC)))


def _pages(syncing: SourceSync) -> Iterator[Progress]:
    while not syncing.complete:
        yield syncing.backfill_page(datetime.now(UTC))


def _show(title: str, steps: Iterable[Progress]) -> None:
    """Run long work under progress bars on stderr, one per fact."""
    for fact, group in itertools.groupby(steps, key=lambda step: step.fact):
        first = next(group)
        with _progress(f"{title}, {fact}", first.total) as bar:
            for step in itertools.chain([first], group):
                bar.update(step.done - bar.pos)


def _progress(title: str, total: int | None) -> Any:
    return click.progressbar(
        length=total or 0, label=title, file=sys.stderr,
        show_percent=bool(total), show_pos=True,
    )  # fmt: skip


def _compute(store: Store, kpis: Registry) -> None:
    with _progress("computing numbers", 1000) as bar:
        refresh.refresh(
            store, kpis, filled=lambda done, of: bar.update(1000 * done // max(of, 1) - bar.pos)
        )


def _document(one: Synced) -> dict[str, Any]:
    return {
        "name": one.name,
        "rows": one.rows,
        "rejected": [{"reason": r.reason, "n": r.n, "example": r.example} for r in one.rejected],
        "error": None if one.error is None else str(one.error),
    }


def _say(done: list[Synced]) -> None:
    say_table(
        ("source", "rows read", "rejected"),
        [(one.name, one.rows, sum(r.n for r in one.rejected)) for one in done],
    )
    for one in done:
        for r in one.rejected:
            click.echo(f"  {one.name}: {r.n} × {r.reason}, for example {r.example}")


@click.command()
@config_option
def migrate(config: Path) -> None:
    """Create the store or bring it to this version.

    Example: deskpulse migrate -c deskpulse.toml
    """
    store = store_of(settings_of(config), migrate=True)
    click.echo(f"the store ({store.label}) is up to date", err=True)
    store.close()


@click.command()
@config_option
def rebuild(config: Path) -> None:
    """Drop all that is derived and compute it again from facts; the numbers stay the same.

    Example: deskpulse rebuild -c deskpulse.toml
    """
    settings = settings_of(config)
    store = store_of(settings)
    refresh.rebuild(store)
    _compute(store, settings.kpis)
    store.close()
    click.echo(f"computed {len(settings.kpis.stored())} KPIs again", err=True)
