"""What changed in a source since the last look: marks, live rows, rows that other rows touch.

`updated_at` alone is never trusted. A fact's changes are the union of
  new      keys above the mark, less an overlap for transactions that committed late;
  hot      rows that may still change, and rows that have just left that set;
  warm     the same at a slower pace;
  touched  rows that a new row elsewhere (a message, an event) points at.
Rows whose values are as they were are dropped at the cost of a hash. What was seen is remembered
in this process only: after a start everything live is compared with the store once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.facts import id_column
from connectors.source import RawRows, Reader, Source
from connectors.statements import Statement

TIME_OVERLAP = timedelta(minutes=10)
PAGES_PER_POLL = 20
Mark = Any  # int, str or datetime; None: nothing seen yet


@dataclass(slots=True)
class Changes:
    """What one look found; memory moves on only when `accept` is called after the commit."""

    rows: RawRows
    gone: list[Any]
    marks: dict[str, Mark] = field(default_factory=dict)
    accept: list[Callable[[], None]] = field(default_factory=list)


class _Tier:
    """A set of rows that is read as a whole, again and again."""

    def __init__(self, predicate: str | None, every: timedelta | None) -> None:
        self.predicate = predicate
        self.every = every
        self.read_at: datetime | None = None
        self.hashes: dict[Any, int] | None = None

    def due(self, now: datetime) -> bool:
        return self.every is None or self.read_at is None or now - self.read_at >= self.every


class FactChanges:
    """Finds the changes of one fact in one source."""

    def __init__(self, source: Source, fact: str) -> None:
        statements = source.statements
        main = statements.rows(fact)
        assert main is not None  # noqa: S101 - callers iterate over statements.facts()
        self.fact = fact
        self.main = main
        self._look = statements.probe(fact) or main
        self._touched = statements.touched(fact)
        self._batch = source.settings.batch
        self._overlap = source.settings.overlap
        self._fresh = _Tier(None, None)
        self._hot = _Tier(self._look.hot or main.hot, None) if self._look.hot or main.hot else None
        self._warm = [_Tier(w.predicate, w.every) for w in (*main.warm, *_own(self._look, main))]
        self._windows: dict[str, frozenset[Any]] = {}
        self.doubled: set[str] = set()  # ids with more than one row: read by key, the first stays

    def first_marks(self, reader: Reader) -> dict[str, Mark]:
        """Where the touching tables stand; taken before a back-fill so that nothing slips by."""
        marks: dict[str, Mark] = {}
        for statement in self._touched:
            got = reader.rows(statement.last())
            marks[statement.name] = got.rows[0][0] if got.rows else None
        return marks

    def changes(
        self,
        reader: Reader,
        now: datetime,
        marks: dict[str, Mark],
        *,
        live: Callable[[], Iterable[str]],
        complete: bool,
    ) -> Changes:
        """The rows to write and the keys that are gone, as of the reader's picture.

        `live` gives the ids of stored facts that may still change (asked once per process).
        `complete` is False during a back-fill: new rows then come from its pages.
        """
        out = Changes(RawRows((), []), [])
        look_rows: dict[Any, tuple[Any, ...]] = {}
        wanted: set[Any] = set()
        if complete:
            self._find_new(reader, marks, out, look_rows)
        first = self._hot is not None and self._hot.hashes is None
        covered: set[Any] = set()
        for tier in (t for t in (self._hot, *self._warm) if t is not None and t.due(now)):
            got = reader.rows(self._look.where(tier.predicate or ""))
            covered |= self._compare(tier, got, out, now, look_rows, wanted)
        if complete and first:
            native = _native(marks.get(self.main.name))
            wanted |= {native(one) for one in live()} - covered
        wanted |= self._find_touched(reader, marks, out)
        self._fetch(reader, look_rows, wanted, out)
        return out

    def _find_new(
        self, reader: Reader, marks: dict[str, Mark], out: Changes, look_rows: dict[Any, Any]
    ) -> None:
        mark = marks.get(self.main.name)
        if isinstance(mark, str):
            return  # text keys do not grow; a touched statement on a time finds new rows
        after = None if mark is None else mark - self._overlap
        hashes: dict[Any, int] = {}
        for _ in range(PAGES_PER_POLL):
            got = (
                reader.rows(self._look.first_page(), page=self._batch)
                if after is None
                else reader.rows(self._look.page(), after=after, page=self._batch)
            )
            at = self._key_at(got)
            for row in got.rows:
                hashes[row[at]] = hash(row)
                if (self._fresh.hashes or {}).get(row[at]) != hashes[row[at]]:
                    look_rows.setdefault(row[at], row)
            out.rows = RawRows(got.names, [])
            if got.rows:
                after = got.rows[-1][at]
                out.marks[self.main.name] = after if mark is None else max(mark, after)
            if len(got.rows) < self._batch:
                break

        def accept() -> None:
            floor = out.marks.get(self.main.name)
            keep = hashes
            if isinstance(floor, int):
                keep = {key: h for key, h in hashes.items() if key > floor - self._overlap}
            self._fresh.hashes = keep

        out.accept.append(accept)

    def _compare(
        self,
        tier: _Tier,
        got: RawRows,
        out: Changes,
        now: datetime,
        look_rows: dict[Any, Any],
        wanted: set[Any],
    ) -> set[Any]:
        at = self._key_at(got)
        before = tier.hashes or {}
        hashes: dict[Any, int] = {}
        doubled: set[Any] = set()
        for row in got.rows:
            key = row[at]
            if key in hashes or str(key) in self.doubled:
                doubled.add(key)
            if key in hashes:
                continue
            hashes[key] = hash(row)
            if before.get(key) != hashes[key]:
                look_rows.setdefault(key, row)
        # Of rows with one key the first stays; only a read by key shows which is first.
        for key in doubled:
            if before.get(key) != hashes[key]:
                look_rows.pop(key, None)
                wanted.add(key)
        wanted |= before.keys() - hashes.keys()
        out.rows = RawRows(got.names, [])

        def accept() -> None:
            tier.hashes, tier.read_at = hashes, now

        out.accept.append(accept)
        return set(hashes)

    def _find_touched(self, reader: Reader, marks: dict[str, Mark], out: Changes) -> set[Any]:
        ids: set[Any] = set()
        for statement in self._touched:
            mark = marks.get(statement.name)
            got = (
                reader.rows(statement.first_page(), page=self._batch * 4)
                if mark is None
                else reader.rows(
                    statement.page(), after=_before(mark, self._overlap), page=self._batch * 4
                )
            )
            if not got.rows:
                continue
            window = self._windows.get(statement.name, frozenset())
            ids |= {one for at, one in got.rows if (at, one) not in window and one is not None}
            out.marks[statement.name] = got.rows[-1][0]
            out.accept.append(self._remember(statement.name, frozenset(got.rows)))
        return ids

    def _remember(self, name: str, window: frozenset[Any]) -> Callable[[], None]:
        def accept() -> None:
            self._windows[name] = window

        return accept

    def _fetch(
        self, reader: Reader, look_rows: dict[Any, Any], wanted: set[Any], out: Changes
    ) -> None:
        probing = self._look is not self.main
        by_id = (wanted | look_rows.keys()) if probing else (wanted - look_rows.keys())
        got = reader.by_ids(self.main.by_ids(), sorted(by_id)) if by_id else RawRows((), [])
        rows = got.rows if probing else [*look_rows.values(), *got.rows]
        names = got.names or ((), out.rows.names)[not probing]
        if got.names:
            at = got.names.index(id_column(self.fact))
            out.gone = list(by_id - {row[at] for row in got.rows})
        elif by_id:
            out.gone = list(by_id)
        out.rows = RawRows(tuple(names), rows)

    def _key_at(self, got: RawRows) -> int:
        if self._look is not self.main:
            return 0
        name = id_column(self.fact)
        return got.names.index(name) if name in got.names else 0


def _own(look: Statement, main: Statement) -> Sequence[Any]:
    return look.warm if look is not main else ()


def _before(mark: Mark, overlap: int) -> Mark:
    """A little before a mark, for rows that were committed late."""
    if isinstance(mark, datetime):
        return mark - TIME_OVERLAP
    if isinstance(mark, int):
        return mark - overlap
    try:  # times as ISO text (SQLite)
        moment = datetime.fromisoformat(mark) - TIME_OVERLAP
        return moment.isoformat(sep=mark[10] if len(mark) > 10 else " ")
    except ValueError:
        return mark


def _native(mark: Mark) -> Callable[[str], Any]:
    """Stored ids are text; the source's keys may be whole numbers."""
    if isinstance(mark, int):
        return lambda one: int(one) if one.lstrip("-").isdigit() else one
    return lambda one: one


def mark_to_json(mark: Mark) -> str | None:
    """A mark as text that keeps its type."""
    if mark is None:
        return None
    if isinstance(mark, datetime):
        return json.dumps({"time": mark.isoformat()})
    if isinstance(mark, int | str):
        return json.dumps(mark)
    return json.dumps(str(mark))


def mark_from_json(text: str | None) -> Mark:
    """The mark that `mark_to_json` wrote."""
    if text is None:
        return None
    value = json.loads(text)
    return datetime.fromisoformat(value["time"]) if isinstance(value, dict) else value
