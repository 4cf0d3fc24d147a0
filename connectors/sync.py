"""Keeping the facts of one source in step with it: back-fill, poll, reconcile.

A crash at any point loses nothing: facts, marks and dirty slots commit together, and reading
again what was read before changes nothing. How changes are found is in changes.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from connectors import write
from connectors.changes import Changes, FactChanges, Mark, plain_key
from connectors.columns import to_micros
from connectors.decode import Decoder, fact_id
from connectors.dirty import is_dirty, save_dirty
from connectors.errors import SourceError
from connectors.facts import DUPLICATE, Rejected, Row, id_column
from connectors.ledger import Ledger, customer_secret, knowledge_of
from connectors.rounds import Message, Round, rounds_of
from connectors.source import RawRows, Reader, Source
from connectors.statements import Statement
from connectors.store import Store
from connectors.turns import reading_turn


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long read has come; `total` None: unknown."""

    fact: str
    done: int
    total: int | None


@dataclass(slots=True)
class _Batch:
    """Decoded rows of one fact, ready to be written in one transaction."""

    fact: str
    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    rounds: dict[str, list[Round]] = field(default_factory=dict)


class SourceSync:
    """Reads one source into the store. Belongs to one thread."""

    def __init__(self, store: Store, source: Source) -> None:
        self.store = store
        self.source = source
        self.rows = 0  # new or changed since this object was made
        self.ledger = Ledger(store, source.name, poll_s=source.settings.poll.total_seconds())
        self._secret = customer_secret(store)
        self._watchers = {
            fact: FactChanges(source, fact, self.ledger.doubled.get(fact, ()))
            for fact in source.statements.facts()
        }
        self._messages = source.statements.rows("messages")
        self._knows = knowledge_of(source.statements)
        self._done: Counter[str] = Counter()
        self._totals: dict[str, int | None] = {}

    @property
    def complete(self) -> bool:
        """Whether every fact's history is in the store."""
        return self.ledger.complete.issuperset(self._watchers)

    def poll(self, now: datetime) -> None:
        """Read what changed since the last poll, in one picture, and commit it as of `now`."""
        with reading_turn(self.store, self.source.name):
            self._poll(now)

    def _poll(self, now: datetime) -> None:
        self._begin(now)
        found: list[tuple[str, Changes, RawRows | None]] = []
        with self.source.reading(now) as reader:
            for fact, watcher in self._watchers.items():
                changes = watcher.changes(
                    reader, now, self.ledger.marks,
                    live=lambda fact=fact: self._live(fact),  # type: ignore[misc]
                    complete=fact in self.ledger.complete,
                )  # fmt: skip
                found.append((fact, changes, self._messages_of(reader, fact, changes.rows)))
        marks: dict[str, Mark] = {}
        before = self.rows
        with self.store.begin() as connection:
            write.take_turn(connection)
            if not is_dirty(connection):
                self.ledger.derived(connection)
            for fact, changes, messages in found:
                batch = self._decode(fact, changes.rows, messages, now)
                batch.gone.extend(str(one) for one in changes.gone)
                self._write(connection, batch, now)
                marks.update(changes.marks)
            self.ledger.save_marks(connection, marks)
            self.ledger.heard(connection, now, whole=self.complete, knows=self._knows)
            self.ledger.counted(connection, self.rows - before)
        self.ledger.accept(marks)
        for _, changes, _ in found:
            for accept in changes.accept:
                accept()

    def backfill_page(self, now: datetime) -> Progress:
        """Read the next page of history of the first fact that is not complete."""
        with reading_turn(self.store, self.source.name):
            return self._backfill_page(now)

    def _backfill_page(self, now: datetime) -> Progress:
        self._begin(now)
        fact = next(fact for fact in self._watchers if fact not in self.ledger.complete)
        main = self._watchers[fact].main
        if fact not in self._totals:
            self._totals[fact] = self._count(main, now)
        after = self.ledger.marks.get(main.name)
        page, messages, last, finished = self._page(fact, main, after, now)
        marks = {main.name: last if page.rows else after}
        done = main.name if finished else None
        count, before = self._done[fact] + len(page.rows), self.rows
        with self.store.begin() as connection:
            write.take_turn(connection)
            self._write(connection, self._decode(fact, page, messages, now), now)
            self.ledger.save_marks(connection, marks, complete=done)
            totals = [total for total in self._totals.values() if total is not None]
            self.ledger.progressed(
                connection, sum(self._done.values()) + len(page.rows), sum(totals) or None
            )
            self.ledger.counted(connection, self.rows - before)
        self.ledger.accept(marks, complete=done)
        self._done[fact] = count
        return Progress(fact, count, self._totals[fact])

    def reconcile(self, clock: Callable[[], datetime]) -> Iterator[Progress]:
        """Compare every row: catches deletions and edits of finished rows, page by page.

        `clock` is read for each page: a long comparison must not judge new rows by an old now.
        """
        started = clock()
        for fact, watcher in self._watchers.items():
            seen: set[str] = set()
            after: Mark = None
            finished = False
            while not finished:
                with reading_turn(self.store, self.source.name):
                    now = clock()
                    page, messages, after, finished = self._page(fact, watcher.main, after, now)
                    batch = self._decode(fact, page, messages, now)
                    with self.store.begin() as connection:
                        write.take_turn(connection)
                        self._write(connection, batch, now)
                seen.update(row[fact_id(fact)] for row in batch.rows)
                seen.update(one.row_id for one in batch.rejected)
                yield Progress(fact, len(seen), None)
            with reading_turn(self.store, self.source.name):
                self._remove_missing(fact, seen, clock())
        with self.store.begin() as connection:
            self.ledger.reconciled(connection, started)
        self.ledger.reconciled_at = started

    def reconcile_due(self, now: datetime) -> bool:
        last = self.ledger.reconciled_at
        return self.complete and (last is None or now - last >= self.source.settings.reconcile)

    # -- reading ---------------------------------------------------------------------------

    def _begin(self, now: datetime) -> None:
        """Note where touching tables stand before the first page, so that nothing slips by."""
        fresh = [w for w in self._watchers.values() if w.main.name not in self.ledger.marks]
        if not fresh:
            return
        marks: dict[str, Mark] = {}
        with self.source.reading(now) as reader:
            for watcher in fresh:
                marks[watcher.main.name] = None
                marks.update(watcher.first_marks(reader))
            if self._messages is not None:
                marks[self._messages.name] = None  # tells the replay where rounds come from
        with self.store.begin() as connection:
            self.ledger.save_marks(connection, marks)
            self.ledger.reconciled(connection, now)
        self.ledger.accept(marks)
        self.ledger.reconciled_at = now

    def _live(self, fact: str) -> list[str]:
        with self.store.read() as connection:
            return write.live_ids(connection, fact, self.source.name)

    def _page(
        self, fact: str, main: Statement, after: Mark, now: datetime
    ) -> tuple[RawRows, RawRows | None, Mark, bool]:
        """A page, its messages, its last key, and whether it is the last page."""
        size = self.source.settings.batch
        with self.source.reading(now) as reader:
            got = (
                reader.rows(main.first_page(), page=size)
                if after is None
                else reader.rows(main.page(), after=after, page=size)
            )
            full = len(got.rows) == size
            page = _without_torn_key(got, id_column(fact)) if full else got
            last = (
                plain_key(page.rows[-1][page.names.index(id_column(fact))]) if page.rows else after
            )
            messages = None
            if fact == "contacts" and self._messages is not None and page.rows:
                messages = (
                    reader.rows(self._messages.upto(), upto=last)
                    if after is None
                    else reader.rows(self._messages.between(), after=after, upto=last)
                )
        return page, messages, last, not full

    def _messages_of(self, reader: Reader, fact: str, rows: RawRows) -> RawRows | None:
        if fact != "contacts" or self._messages is None or not rows.rows:
            return None
        at = rows.names.index(id_column(fact))
        return reader.by_ids(self._messages.by_ids(), [row[at] for row in rows.rows])

    def _count(self, main: Statement, now: datetime) -> int | None:
        """How many rows a back-fill will read; None when counting takes too long."""
        try:
            with self.source.reading(now) as reader:
                return int(reader.rows(main.count()).rows[0][0])
        except SourceError:
            return None

    def _decode(self, fact: str, rows: RawRows, messages: RawRows | None, now: datetime) -> _Batch:
        batch = _Batch(fact)
        if rows.names:
            decoder = self._decoder(self._watchers[fact].main, rows.names)
            batch.rows, batch.rejected = decoder.decode(rows.rows, to_micros(now))
        if messages is not None and self._messages is not None and messages.names:
            decoder = self._decoder(self._messages, messages.names)
            said, bad = decoder.decode(messages.rows, to_micros(now))
            batch.rejected.extend(bad)
            batch.rounds = _rounds_by_contact(said, (row[1] for row in batch.rows))
        return batch

    def _decoder(self, statement: Statement, names: Sequence[str]) -> Decoder:
        return Decoder(
            self.source.name, statement, names,
            zone=self.source.zone, secret=self._secret, params=self.source.params,
        )  # fmt: skip

    # -- writing ---------------------------------------------------------------------------

    def _write(self, connection: sa.Connection, batch: _Batch, now: datetime) -> None:
        name, fact = self.source.name, batch.fact
        known_bad = self.ledger.bad.setdefault(fact, set())
        judged = [row[fact_id(fact)] for row in batch.rows]
        bad = [r.row_id for r in batch.rejected if r.fact == fact]
        write.forgive(
            connection, name, fact, list(known_bad.intersection([*judged, *batch.gone, *bad]))
        )
        changed, dirty = write.apply(connection, fact, batch.rows)
        gone = set(batch.gone).difference(judged)
        unusable = set(bad).difference(judged, gone)
        dirty |= write.remove(connection, fact, name, sorted(gone))
        dirty |= write.remove(connection, fact, name, sorted(unusable), keep_events=True)
        if batch.rounds:
            dirty |= write.replace_rounds(connection, name, batch.rounds)
        save_dirty(connection, dirty)
        write.save_rejected(connection, name, batch.rejected, to_micros(now))
        known_bad.difference_update(judged, batch.gone)
        known_bad.update(bad)
        doubled = self._watchers[fact].doubled
        doubled.difference_update(batch.gone)
        doubled.update(r.row_id for r in batch.rejected if r.reason == DUPLICATE)
        self.rows += changed

    def _remove_missing(self, fact: str, seen: set[str], now: datetime) -> None:
        """Delete facts that no page held, once the source has confirmed that they are gone."""
        main = self._watchers[fact].main
        with self.store.read() as connection:
            missing = [
                i for i in write.all_ids(connection, fact, self.source.name) if i not in seen
            ]
        if not missing:
            return
        whole = isinstance(self.ledger.marks.get(main.name), int)
        with self.source.reading(now) as reader:
            got = reader.by_ids(main.by_ids(), [int(i) if whole else i for i in missing])
        there = {str(plain_key(row[got.names.index(id_column(fact))])) for row in got.rows}
        with self.store.begin() as connection:
            write.take_turn(connection)
            gone = [one for one in missing if one not in there]
            dirty = write.remove(connection, fact, self.source.name, gone)
            save_dirty(connection, dirty)


def _without_torn_key(page: RawRows, key: str) -> RawRows:
    """A full page may end within the rows of one key: leave that key to the next page."""
    at = page.names.index(key)
    last = page.rows[-1][at]
    whole = [row for row in page.rows if row[at] != last]
    return RawRows(page.names, whole or page.rows)


def _rounds_by_contact(said: Iterable[Row], contacts: Iterable[str]) -> dict[str, list[Round]]:
    """Rounds per contact; a contact without messages has none."""
    grouped: dict[str, list[Message]] = {contact: [] for contact in contacts}
    for _, message_id, contact_id, sent_at, role, agent_id in said:
        if contact_id in grouped:
            grouped[contact_id].append(Message(contact_id, message_id, sent_at, role, agent_id))
    return {
        contact: rounds_of(messages) if messages else [] for contact, messages in grouped.items()
    }
