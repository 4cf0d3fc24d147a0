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
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.facts import id_column
from connectors.source import RawRows, Reader, Source
from connectors.statements import Statement

TIME_OVERLAP = timedelta(minutes=10)
WIDEST_OFFSET = timedelta(hours=15)  # of any zone, and an hour for a clock that runs ahead
PAGES_PER_POLL = 20
Mark = Any  # int, str or datetime; None: nothing seen yet


@dataclass(slots=True)
class Changes:
    """What one look found; memory moves on only when `accept` is called after the commit."""

    rows: RawRows
    gone: list[Any]
    marks: dict[str, Mark]
    accept: list[Callable[[], None]]


class _Tier:
    """A set of rows that is read as a whole, again and again."""

    def __init__(self, predicate: str, every: timedelta | None) -> None:
        self.predicate = predicate
        self.every = every
        self.read_at: datetime | None = None
        self.hashes: dict[Any, int] | None = None

    def due(self, now: datetime) -> bool:
        return self.every is None or self.read_at is None or now - self.read_at >= self.every


@dataclass(slots=True)
class _Found:
    """What a look has gathered so far."""

    doubled: set[str]
    differing: dict[Any, tuple[Any, ...]] = field(default_factory=dict)  # rows that changed
    wanted: set[Any] = field(default_factory=set)  # keys to read once more
    names: tuple[str, ...] = ()
    marks: dict[str, Mark] = field(default_factory=dict)
    accept: list[Callable[[], None]] = field(default_factory=list)

    def sort_out(
        self, got: RawRows, at: int, before: Mapping[Any, int], hashes: dict[Any, int]
    ) -> None:
        """Note each row's hash; rows that differ from `before` are kept, or read by key.

        Of rows with one key the first stays, and only a read by key shows which is first.
        """
        self.names = got.names
        for row in got.rows:
            key, mark = plain_key(row[at]), _hash(row)
            again = key in hashes
            if again or str(key) in self.doubled:
                if again or before.get(key) != mark:
                    self.wanted.add(key)
                    self.differing.pop(key, None)
                hashes.setdefault(key, mark)
                continue
            hashes[key] = mark
            if before.get(key) != hashes[key] and key not in self.wanted:
                self.differing.setdefault(key, row)


class FactChanges:
    """Finds the changes of one fact in one source."""

    def __init__(self, source: Source, fact: str, doubled: Iterable[str] = ()) -> None:
        statements = source.statements
        main = statements.rows(fact)
        assert main is not None  # noqa: S101 - callers iterate over statements.facts()
        self.fact = fact
        self.main = main
        self.doubled = set(doubled)  # ids with more than one row: read by key, the first stays
        self._look = statements.probe(fact) or main
        self._touched = statements.touched(fact)
        self._batch = source.settings.batch
        self._overlap = source.settings.overlap
        self._recent: dict[Any, int] = {}  # hashes of the rows within the overlap
        hot = self._look.hot or main.hot
        self._hot = _Tier(hot, None) if hot else None
        warm = (*main.warm, *(self._look.warm if self._look is not main else ()))
        self._warm = [_Tier(one.predicate, one.every) for one in warm]
        self._windows: dict[str, frozenset[Any]] = {}

    def first_marks(self, reader: Reader) -> dict[str, Mark]:
        """Where the touching tables stand; taken before a back-fill so that nothing slips by."""
        marks: dict[str, Mark] = {}
        for statement in self._touched:
            got = reader.rows(statement.last())
            last = plain_key(got.rows[0][0]) if got.rows else None
            marks[statement.name] = last if _can_be_mark(last, reader.now) else None
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
        found = _Found(self.doubled)
        if complete:
            self._find_new(reader, marks, found)
        first = self._hot is not None and self._hot.hashes is None
        covered: set[Any] = set()
        for tier in (t for t in (self._hot, *self._warm) if t is not None and t.due(now)):
            covered |= self._read_tier(reader, tier, now, found)
        if first:
            known = {str(key) for key in covered}
            native = _native(next(iter(covered), marks.get(self.main.name)))
            found.wanted |= {native(one) for one in live() if one not in known}
        for statement in self._touched:
            self._find_touched(reader, statement, marks.get(statement.name), found)
        return self._fetch(reader, found)

    def _find_new(self, reader: Reader, marks: dict[str, Mark], found: _Found) -> None:
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
            found.sort_out(got, self._key_at(got), self._recent, hashes)
            if got.rows:
                after = plain_key(got.rows[-1][self._key_at(got)])
                found.marks[self.main.name] = after if mark is None else max(mark, after)
            if len(got.rows) < self._batch:
                break
        newest = found.marks.get(self.main.name)

        def accept() -> None:
            floor = newest - self._overlap if isinstance(newest, int) else None
            self._recent = {k: h for k, h in hashes.items() if floor is None or k > floor}

        found.accept.append(accept)

    def _read_tier(self, reader: Reader, tier: _Tier, now: datetime, found: _Found) -> set[Any]:
        """Rows of a tier that differ from its last reading, and rows that have left it."""
        got = reader.rows(self._look.where(tier.predicate))
        before = tier.hashes or {}
        hashes: dict[Any, int] = {}
        found.sort_out(got, self._key_at(got), before, hashes)
        left = before.keys() - hashes.keys()
        found.wanted |= left

        def accept() -> None:
            tier.hashes, tier.read_at = hashes, now
            # What left this tier may be in another one, which must notice when it leaves that.
            for other in self._warm:
                if other is not tier and other.hashes is not None and other.read_at != now:
                    other.hashes.update(dict.fromkeys(left - other.hashes.keys(), 0))

        found.accept.append(accept)
        return set(hashes)

    def _find_touched(
        self, reader: Reader, statement: Statement, mark: Mark, found: _Found
    ) -> None:
        """Keys that new rows of another table point at."""
        size = self._batch * 4
        after = None if mark is None else _before(mark, self._overlap)
        rows: set[tuple[Any, ...]] = set()
        for _ in range(PAGES_PER_POLL):
            got = (
                reader.rows(statement.first_page(), page=size)
                if after is None
                else reader.rows(statement.page(), after=after, page=size)
            )
            rows.update((plain_key(at), plain_key(key)) for at, key in got.rows)
            marks = [plain_key(at) for at, _ in got.rows]
            usable = [one for one in marks if _can_be_mark(one, reader.now)]
            if usable:
                after = found.marks[statement.name] = usable[-1]
            if len(got.rows) < size or not usable:
                break
        if not rows:
            return
        fresh = rows - self._windows.get(statement.name, frozenset())
        found.wanted |= {key for _, key in fresh if key is not None}

        def accept() -> None:
            self._windows[statement.name] = frozenset(rows)

        found.accept.append(accept)

    def _fetch(self, reader: Reader, found: _Found) -> Changes:
        """Read by key what was not read as a whole row already."""
        probing = self._look is not self.main
        known = {} if probing else found.differing
        by_id = sorted((found.wanted | found.differing.keys()) - known.keys(), key=str)
        got = reader.by_ids(self.main.by_ids(), by_id) if by_id else RawRows((), [])
        gone: list[Any] = []
        if by_id:
            at = got.names.index(id_column(self.fact))
            there = {str(plain_key(row[at])) for row in got.rows}
            gone = [key for key in by_id if str(key) not in there]
        rows = RawRows(got.names or found.names, [*known.values(), *got.rows])
        if not rows.rows:
            rows = RawRows((), [])
        return Changes(rows, gone, found.marks, found.accept)

    def _key_at(self, got: RawRows) -> int:
        if self._look is not self.main:
            return 0
        name = id_column(self.fact)
        return got.names.index(name) if name in got.names else 0


def plain_key(value: Any) -> Any:
    """A key in one form, whatever the driver makes of its type: whole number, time or text."""
    if isinstance(value, int | str | datetime):
        return value
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return None if value is None else str(value)


def _can_be_mark(mark: Mark, now: datetime) -> bool:
    """A damaged or future time as a mark would hide everything that comes after it."""
    if not isinstance(mark, str | datetime):
        return mark is not None
    try:
        moment = datetime.fromisoformat(mark) if isinstance(mark, str) else mark
    except ValueError:
        return False
    return moment.replace(tzinfo=None) <= now.replace(tzinfo=None) + WIDEST_OFFSET


def _hash(row: tuple[Any, ...]) -> int:
    try:
        return hash(row)
    except TypeError:  # arrays and JSON
        return hash(repr(row))


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
