"""The way a preset is used: a database synced into a store, and what the store is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from connectors import schema
from connectors.columns import to_micros
from connectors.connect import connect
from connectors.rounds import Message, Round, rounds_of, unpacked
from connectors.settings import SourceSettings
from connectors.store import Store, open_store
from connectors.sync import SourceSync
from metrics import refresh
from metrics.live import LiveSettings, QueueState, live_state
from metrics.packs import default_registry
from metrics.query import KpiRow, kpi

LONG_AGO, FAR = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
Fact = dict[str, Any]


@dataclass(slots=True)
class Product:
    """One source and its store; `at` is the clock."""

    store: Store
    syncing: SourceSync

    def sync(self, at: datetime) -> None:
        """Read the history if there is none yet, then what changed."""
        while not self.syncing.complete:
            self.syncing.backfill_page(at)
        self.syncing.poll(at)
        refresh.refresh(self.store, default_registry())

    def reconcile(self, at: datetime) -> None:
        for _ in self.syncing.reconcile(lambda: at):
            pass
        refresh.refresh(self.store, default_registry())

    def facts(self, name: str) -> dict[int, Fact]:
        """All rows of a fact by their (numeric) id, without `source`."""
        table = schema.FACTS[name]
        with self.store.read() as connection:
            rows = [dict(row._mapping) for row in connection.execute(table.select())]
        key = table.columns.keys()[1]
        return {int(row[key]): {n: v for n, v in row.items() if n != "source"} for row in rows}

    def rounds(self) -> dict[int, list[Round]]:
        table = schema.rounds
        order = (table.c.contact_id, table.c.round_no)
        found: dict[int, list[Round]] = {}
        with self.store.read() as connection:
            for row in connection.execute(table.select().order_by(*order)).mappings():
                times = [_micros(row[n]) for n in ("asked_at", "answered_at", "person_answered_at")]
                one = Round(times[0] or 0, times[1], row["answered_by"], row["agent_id"],
                            times[2], unpacked(row["asked_again"]))  # fmt: skip
                found.setdefault(int(row["contact_id"]), []).append(one)
        return found

    def rejected(self) -> list[str]:
        with self.store.read() as connection:
            return [f"{row.fact} {row.row_id}: {row.reason}"
                    for row in connection.execute(schema.rejected.select())]  # fmt: skip

    def live(self, at: datetime, queue: str | None = None) -> QueueState:
        """The figures of all queues of a name; None: of all of them."""
        with self.store.read() as connection:
            state = live_state(connection, now=at, settings=LiveSettings())
        if queue is None:
            return state.total
        [one] = [one for one in state.queues if one.queue == queue]
        return one

    def kpi(self, key: str, since: datetime = LONG_AGO, until: datetime = FAR) -> KpiRow:
        with self.store.read() as connection:
            [row] = kpi(connection, key, since=since, until=until, zone=ZoneInfo("UTC")).rows
        return row


@contextmanager
def product(preset: str, url: str, folder: Path, **params: str | int | float) -> Iterator[Product]:
    """The preset connected to a database, with a new SQLite store in the folder.

    Without overlap: what a small database shows anew at every poll must be found by its own means.
    """
    settings = SourceSettings.model_validate(
        {"name": "desk", "preset": preset, "url": url, "params": params, "poll": "1s", "overlap": 0}
    )
    store = open_store(f"sqlite:///{folder / 'store.db'}", migrate=True)
    source = connect(settings, folder)
    try:
        yield Product(store, SourceSync(store, source))
    finally:
        source.close()
        store.close()


def compare(stored: dict[int, Fact], truth: dict[int, Fact]) -> list[str]:
    """What differs, in words. The customer key is hashed and updated_at is no fact of the desk."""
    found = [f"{key} is missing" for key in truth.keys() - stored.keys()]
    found += [f"{key} should not be there" for key in stored.keys() - truth.keys()]
    for key in truth.keys() & stored.keys():
        for name, right in truth[key].items():
            got = stored[key][name]
            if name.endswith("_id") or name == "score":
                right = None if right is None else type(got)(right) if got is not None else right
            if name != "customer_key" and got != right:
                found.append(f"{key} {name}: {got} instead of {right}")
    return found


def true_rounds(
    roles: dict[int, tuple[int, str, int | None]], times: dict[int, datetime]
) -> dict[int, list[Round]]:
    """Rounds of what passed between customers and shop."""
    messages: dict[int, list[Message]] = {}
    for key, (contact, role, agent) in roles.items():
        name = None if agent is None else str(agent)
        message = Message(str(contact), str(key), to_micros(times[key]), role, name)
        messages.setdefault(contact, []).append(message)
    found = {contact: rounds_of(one) for contact, one in messages.items()}
    return {contact: rounds for contact, rounds in found.items() if rounds}


def percentile(values: list[float], share: float) -> float | None:
    """Between neighbours, as SQL's percentile_cont."""
    if not values:
        return None
    at = (len(values) - 1) * share
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)
